"""One run of Keras's `fit` over our batches."""

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.data.shards import Shards
from pipeline.errors import Refusal
from pipeline.params import Place
from pipeline.params.model import Fit
from pipeline.training.batches import Batch, Shapes, stream
from pipeline.training.network import reason
from pipeline.training.task import Task

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from pipeline.training.progress import Best

VALIDATION_BATCH = 500
AHEAD = 2


def fit(task: Task, validation: Shards, workers: int, best: "Best") -> pd.DataFrame:
    """Trains the model of a task in place; returns the learning curves, a row an epoch.

    Columns: epoch (from 1), accuracy, loss, val_accuracy, val_loss. Raises Refusal when the loss is no longer a number, or
    when the device has too little memory; `best` has then the best state so far.
    """
    batches, settings, where = task.batches, task.fit, task.where
    refused: list[Refusal] = []
    try:
        history = task.model.fit(
            source(lambda: noting(refused, stream(batches, settings.epochs, workers)), batches.shapes),
            steps_per_epoch=batches.per_epoch,
            epochs=settings.epochs,
            validation_data=held_out(validation, len(batches.class_weights)),
            callbacks=callbacks(settings, best, where),
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 2,
        ).history
    except Exception as error:
        raise (refused[0] if refused else told(error, settings, where)) from None
    curves = pd.DataFrame({"epoch": range(1, len(history["loss"]) + 1), **history})
    if not np.isfinite(curves[["loss", "val_loss"]]).all(axis=None):
        found = f"the loss is no longer a number in epoch {len(curves)}"
        raise Refusal(f"{where}: {found}; lower the learning rate, or clip gradients (global_clipnorm)")
    return curves[["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]]


def probe(task: Task, steps: int, callback: "keras.callbacks.Callback") -> None:
    """Trains for `steps` batches without validation, for what `callback` sees. Raises Refusal as `fit` does."""
    epochs = -(-steps // task.batches.per_epoch)
    refused: list[Refusal] = []
    try:
        task.model.fit(
            source(lambda: noting(refused, stream(task.batches, epochs, workers=1)), task.batches.shapes),
            steps_per_epoch=steps,
            callbacks=[callback],
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 2,
        )
    except Exception as error:
        raise (refused[0] if refused else told(error, task.fit, task.where)) from None


def told(error: Exception, settings: Fit, where: Place) -> Exception:
    """What went wrong inside `fit`, as a line where it is the settings' or the device's doing; else the error itself."""
    text = reason(error)
    if "RESOURCE_EXHAUSTED" in text or "ResourceExhausted" in type(error).__name__ or "out of memory" in text.lower():
        size = f"{where.at('batch_size')}: {settings.batch_size}"
        return Refusal(f"{size}: the device has too little memory for such a batch; try {max(1, settings.batch_size // 2)}")
    if isinstance(error, (ValueError, TypeError, RuntimeError)) or type(error).__module__.startswith("tensorflow"):
        return Refusal(f"{where}: {text}")
    return error


def callbacks(settings: Fit, best: "Best", where: Place) -> list["keras.callbacks.Callback"]:
    """The callbacks of params.yaml, by their names in keras.callbacks, behind those that every training has."""
    import keras

    averaged = settings.optimizer.arguments.get("use_ema")
    made = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if averaged else []
    made += [keras.callbacks.TerminateOnNaN(), best]
    for position, call in enumerate(settings.callbacks):
        (arguments,) = call.plain().values()
        try:
            made.append(getattr(keras.callbacks, call.name)(**arguments))
        except (ValueError, TypeError) as error:
            raise Refusal(f"{where.at('callbacks', position, call.name)}: {reason(error)}") from None
    return made


def noting(refused: list[Refusal], batches: Iterator[Batch]) -> Iterator[Batch]:
    """The batches of an iterator; a refusal is noted before it is lost in TensorFlow."""
    try:
        yield from batches
    except Refusal as refusal:
        refused.append(refusal)
        raise


def source(make: Callable[[], Iterator[Batch]], shapes: Shapes) -> Any:
    """The batches that `make` yields, as Keras's backend takes them; a few are kept ready."""
    import keras

    return dataset(make, shapes) if keras.backend.backend() == "tensorflow" else make()


def dataset(make: Callable[[], Iterator[Batch]], shapes: Shapes) -> "tf.data.Dataset":
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


def held_out(split: Shards, classes: int) -> "keras.utils.PyDataset":
    """A split from its first image to its last, as often as it is asked for."""
    from pipeline.training.progress import InOrder

    return InOrder(split, classes, VALIDATION_BATCH)
