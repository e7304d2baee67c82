"""One run of Keras's `fit` over our batches."""

import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.data.shards import Shards
from pipeline.errors import Refusal
from pipeline.params import Place
from pipeline.params.model import Fit
from pipeline.training.batches import Batch, Batches, Shapes, stream
from pipeline.training.network import reason
from pipeline.training.task import Task

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from pipeline.training.progress import Best

AHEAD = 2
FULL = re.compile(r"RESOURCE_EXHAUSTED|ResourceExhausted|out of memory", re.IGNORECASE)


def fit(task: Task, validation: Shards, workers: int, best: "Best") -> pd.DataFrame:
    """Trains the model of a task in place; returns the learning curves, a row an epoch.

    Columns: epoch (from 1), accuracy, loss, val_accuracy, val_loss. Raises Refusal when the loss is no longer a number, or
    when the device has too little memory; `best` has then the best state so far.
    """
    batches, settings, where = task.batches, task.fit, task.where
    failed: list[Exception] = []
    try:
        history = task.model.fit(
            source(lambda: noting(failed, stream(batches, settings.epochs, workers)), batches.shapes),
            steps_per_epoch=batches.per_epoch,
            epochs=settings.epochs,
            validation_data=held_out(validation, batches),
            callbacks=callbacks(settings, best, where),
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 2,
        ).history
    except Exception as error:
        raise failed[0] if failed else told(error, settings, where) from error
    curves = pd.DataFrame({"epoch": range(1, len(history["loss"]) + 1), **history})
    if not np.isfinite(curves[["loss", "val_loss"]]).all(axis=None):
        found = f"the loss is no longer a number in epoch {len(curves)}"
        raise Refusal(f"{where}: {found}; lower the learning rate, or clip gradients (global_clipnorm)")
    return curves[["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]]


def probe(task: Task, steps: int, callback: "keras.callbacks.Callback") -> None:
    """Trains for `steps` batches without validation, for what `callback` sees. Raises Refusal as `fit` does."""
    epochs = -(-steps // task.batches.per_epoch)
    failed: list[Exception] = []
    try:
        task.model.fit(
            source(lambda: noting(failed, stream(task.batches, epochs, workers=1)), task.batches.shapes),
            steps_per_epoch=steps,
            callbacks=[callback],
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 2,
        )
    except Exception as error:
        raise failed[0] if failed else told(error, task.fit, task.where) from error


def told(error: Exception, settings: Fit, where: Place) -> Exception:
    """What went wrong inside `fit`, as a line where it is the settings' or the device's doing; else the error itself."""
    chain = [error]
    while chain[-1].__context__ is not None:  # JAX's own clearing up may fail behind it
        chain.append(chain[-1].__context__)  # type: ignore[arg-type]
    if any(FULL.search(f"{type(it).__name__} {it}") for it in chain):
        size, half = settings.batch_size, settings.batch_size // 2
        advice = f"try {half}" if half else "try a smaller image or network"
        return Refusal(f"{where.at('batch_size')}: {size}: the device has too little memory for such a batch; {advice}")
    if isinstance(error, (ValueError, TypeError, RuntimeError)) or type(error).__module__.startswith("tensorflow"):
        return Refusal(f"{where}: {reason(error)}")
    return error


def callbacks(settings: Fit, best: "Best", where: Place) -> list["keras.callbacks.Callback"]:
    """The callbacks of params.yaml, by their names in keras.callbacks, behind those that every training has."""
    import keras

    averaged = settings.optimizer.arguments.get("use_ema")
    made = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if averaged else []
    made.append(best)
    for position, call in enumerate(settings.callbacks):
        (arguments,) = call.plain().values()
        try:
            made.append(getattr(keras.callbacks, call.name)(**arguments))
        except (ValueError, TypeError) as error:
            raise Refusal(f"{where.at('callbacks', position, call.name)}: {reason(error)}") from None
    return made


def noting(failed: list[Exception], batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches of an iterator; what goes wrong in it is noted before it is lost in TensorFlow."""
    try:
        yield from batches
    except Exception as error:
        failed.append(error)
        raise


def source(make: Callable[[], Iterator[Batch]], shapes: Shapes) -> Any:
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


def best_so_far() -> "Best":
    """A callback that keeps the best state of a training; its `save` is for one that breaks off."""
    from pipeline.training.progress import Best

    return Best()


def held_out(split: Shards, batches: Batches) -> Any:
    """A split from its first image to its last, in batches of training's size, as often as it is asked for."""
    import keras

    from pipeline.training.progress import InOrder

    whole = InOrder(split, len(batches.class_weights), batches.size)
    if keras.backend.backend() != "tensorflow":
        return whole
    import tensorflow as tf

    known = tf.data.experimental.assert_cardinality(len(whole))
    return dataset(lambda: (whole[index] for index in range(len(whole))), batches.shapes[:2]).apply(known)
