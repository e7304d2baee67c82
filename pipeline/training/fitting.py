"""One run of Keras's `fit` over our batches."""

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.data.shards import Shards
from pipeline.errors import Refusal
from pipeline.params import Place
from pipeline.params.schema import Fit
from pipeline.training.batches import Batch, Batches, stream
from pipeline.training.network import reason

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

VALIDATION_BATCH = 500
AHEAD = 2


def fit(model: "keras.Model", batches: Batches, validation: Shards, settings: Fit, workers: int, where: Place) -> pd.DataFrame:
    """Trains a compiled `model` in place; returns the learning curves, a row an epoch.

    Columns: epoch (from 1), accuracy, loss, val_accuracy, val_loss. Raises Refusal when the loss is no longer a number.
    """
    import tensorflow as tf

    shape = model.input_shape[1:]
    refused: list[Refusal] = []
    known = tf.data.experimental.assert_cardinality(-(-len(validation) // VALIDATION_BATCH))
    try:
        history = model.fit(
            dataset(lambda: noting(refused, stream(batches, settings.epochs, workers)), shape),
            steps_per_epoch=batches.per_epoch,
            epochs=settings.epochs,
            validation_data=dataset(lambda: in_order(validation), shape).apply(known),
            callbacks=callbacks(settings, where),
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 2,
        ).history
    except tf.errors.OpError as error:
        if refused:  # raised while a batch was made
            raise refused[0] from None
        raise Refusal(f"{where}: {reason(error)}") from error
    except (ValueError, TypeError, RuntimeError) as error:  # what Keras finds wrong with the settings only while it runs
        raise Refusal(f"{where}: {reason(error)}") from error
    curves = pd.DataFrame({"epoch": range(1, len(history["loss"]) + 1), **history})
    if not np.isfinite(curves["loss"]).all():
        raise Refusal(f"{where}: the loss is no longer a number in epoch {len(curves)}; lower the learning rate")
    return curves[["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]]


def callbacks(settings: Fit, where: Place) -> list["keras.callbacks.Callback"]:
    """The callbacks of params.yaml, by their names in keras.callbacks."""
    import keras

    made = []
    for position, call in enumerate(settings.callbacks):
        (arguments,) = call.plain().values()
        try:
            made.append(getattr(keras.callbacks, call.name)(**arguments))
        except (ValueError, TypeError) as error:
            raise Refusal(f"{where.at('callbacks', position, call.name)}: {reason(error)}") from None
    return made


def noting(refused: list[Refusal], source: Iterator[Batch]) -> Iterator[Batch]:
    """The batches of `source`; a refusal is noted before it is lost in TensorFlow."""
    try:
        yield from source
    except Refusal as refusal:
        refused.append(refusal)
        raise


def in_order(split: Shards) -> Iterator[Batch]:
    """A split from its first image to its last."""
    for start, images in zip(range(0, len(split), VALIDATION_BATCH), split.batches(VALIDATION_BATCH), strict=True):
        yield images, split.labels[start : start + len(images)]


def dataset(make: Callable[[], Iterator[Batch]], shape: tuple[int, ...]) -> "tf.data.Dataset":
    """The batches that `make` yields, as TensorFlow takes them: a few are kept ready."""
    import tensorflow as tf

    signature = (tf.TensorSpec((None, *shape), tf.uint8), tf.TensorSpec((None,), tf.int64))
    options = tf.data.Options()
    options.autotune.enabled = False  # its thread may sleep through the end of an iterator, up to a minute, while `fit` waits
    return tf.data.Dataset.from_generator(make, output_signature=signature).prefetch(AHEAD).with_options(options)
