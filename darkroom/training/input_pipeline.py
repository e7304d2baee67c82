"""Our batches as Keras's backends take them."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from darkroom.data.shards import Shards
from darkroom.training.batches import Batch, Batches, Shapes, stream

if TYPE_CHECKING:
    import tensorflow as tf

AHEAD = 2


def training(batches: Batches, epochs: int, workers: int, begin: tuple[int, int], failed: list[Exception]) -> Any:
    """All batches of a training from `begin`, an epoch and a batch, on; within an epoch empty ones stand for those done.

    What goes wrong while one is made is noted in `failed` before it is lost in TensorFlow.
    """

    def made() -> Iterator[Batch]:
        rows = batches.share.devices // batches.share.processes  # the fewest that can be shared out
        empty = tuple(np.zeros((rows, *shape), dtype) for shape, dtype in batches.shapes)
        yield from (empty for _ in range(begin[1]))  # type: ignore[misc]
        yield from _noting(failed, stream(batches, epochs, workers, begin))

    return source(made, batches.shapes)


def source(make: Callable[[], Iterator[Any]], shapes: Shapes) -> Any:
    """The batches that `make` yields, as Keras's backend takes them; a few are kept ready."""
    import keras

    return dataset(make, shapes) if keras.backend.backend() == "tensorflow" else make()


def dataset(make: Callable[[], Iterator[Any]], shapes: Shapes) -> "tf.data.Dataset":
    """The same for TensorFlow."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False  # its thread may sleep through the end of an iterator, up to a minute, while `fit` waits
    signature = tuple(tf.TensorSpec((None, *shape), dtype) for shape, dtype in shapes)
    return tf.data.Dataset.from_generator(make, output_signature=signature).prefetch(AHEAD).with_options(options)


def held_out(split: Shards, batches: Batches) -> Any:
    """A split from its first image to its last, in batches of training's size, as often as it is asked for."""
    import keras

    from darkroom.training.callbacks.progress import InOrder

    whole = InOrder(split, len(batches.class_weights), batches.size, batches.share)
    if keras.backend.backend() != "tensorflow":
        return whole
    import tensorflow as tf

    known = tf.data.experimental.assert_cardinality(len(whole))
    return dataset(lambda: (whole[index] for index in range(len(whole))), batches.shapes[:2]).apply(known)


def _noting(failed: list[Exception], batches: Iterator[Batch]) -> Iterator[Batch]:
    try:
        yield from batches
    except Exception as error:
        failed.append(error)
        raise
