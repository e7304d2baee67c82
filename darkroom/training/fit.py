"""One run of Keras's `fit` over our batches, from its beginning or from where it was killed."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from darkroom.config import Place
from darkroom.config.model import Fit
from darkroom.core.errors import DarkroomError
from darkroom.data.shards import Shards
from darkroom.launch import backend
from darkroom.launch.distributed import watchdog
from darkroom.training import input_pipeline
from darkroom.training.network import reason
from darkroom.training.setup import Task

if TYPE_CHECKING:
    import keras

    from darkroom.training.callbacks.checkpoint import Checkpoint
    from darkroom.training.callbacks.progress import Best, Curves, Trace

FULL = re.compile(r"RESOURCE_EXHAUSTED|ResourceExhausted|out of memory", re.IGNORECASE)


@dataclass(frozen=True)
class Watch:
    """What a training is watched by: the digests of its tensors, its curves, its best state."""

    trace: "Trace"
    curves: "Curves"
    best: "Best"


def watch() -> Watch:
    """A watch that has seen nothing."""
    from darkroom.training.callbacks.progress import Best, Curves, Trace

    return Watch(Trace(), Curves(), Best())


def fit(task: Task, validation: Shards, workers: int, seen: Watch, keeper: "Checkpoint | None" = None) -> None:
    """Trains the model of a task in place, from the state that `keeper` found, if it did; `seen` has then seen all of it.

    Raises DarkroomError when the loss is no longer a number, or when the device has too little memory; the best state so far is
    then in `seen`.
    """
    batches, settings, where = task.batches, task.fit, task.where
    made = callbacks(settings, seen, where)
    begin = keeper.watching(made) if keeper else (0, 0)
    with _telling(task) as failed:
        task.model.fit(
            input_pipeline.training(batches, settings.epochs, workers, begin, failed),
            steps_per_epoch=batches.per_epoch,
            initial_epoch=begin[0],
            epochs=settings.epochs,
            validation_data=input_pipeline.held_out(validation, batches),
            callbacks=[interrupt(), *made, *([keeper] if keeper else [])],
            shuffle=False,
            verbose=_verbosity(),
        )
    curves = seen.curves.table()
    if not np.isfinite(curves[["loss", "val_loss"]]).all(axis=None):
        found = f"the loss is no longer a number in epoch {len(curves)}"
        raise DarkroomError(f"{where}: {found}; lower the learning rate, or clip gradients (global_clipnorm)")


def probe(task: Task, steps: int, callback: "keras.callbacks.Callback") -> None:
    """Trains for `steps` batches without validation, for what `callback` sees. Raises DarkroomError as `fit` does."""
    epochs = -(-steps // task.batches.per_epoch)
    with _telling(task) as failed:
        task.model.fit(
            input_pipeline.training(task.batches, epochs, 1, (0, 0), failed),
            steps_per_epoch=steps,
            callbacks=[interrupt(), callback],
            shuffle=False,
            verbose=_verbosity(),
        )


def interrupt() -> "keras.callbacks.Callback":
    """What hears Ctrl-C."""
    from darkroom.training.callbacks.progress import Interrupt

    return Interrupt()


@contextmanager
def _telling(task: Task) -> Iterator[list[Exception]]:
    """What goes wrong inside `fit` as `told` has it; what is noted in the list went wrong first, while a batch was made."""
    failed: list[Exception] = []
    try:
        yield failed
    except backend.refusals() as error:
        raise failed[0] if failed else told(error, task) from error


def _verbosity() -> int:
    """A bar on a terminal, else a line an epoch."""
    return 1 if sys.stdout.isatty() else 2


def told(error: Exception, task: Task) -> DarkroomError:
    """What went wrong inside `fit`, one of `runtime.refusals`, as a line."""
    chain = [error]
    while chain[-1].__context__ is not None:  # JAX's own clearing up may fail behind it
        chain.append(chain[-1].__context__)  # type: ignore[arg-type]
    texts = [f"{type(it).__name__} {it}" for it in chain]
    where, size = task.where, task.fit.batch_size
    if any(map(FULL.search, texts)):
        advice = f"try {size // 2}" if size > 1 else "try a smaller image or network"
        return DarkroomError(f"{where.at('batch_size')}: {size}: the device has too little memory for such a batch; {advice}")
    if task.batches.share.processes > 1 and any(map(watchdog.SIGNS.search, texts)):
        return DarkroomError(watchdog.LINE)
    return DarkroomError(f"{where}: {reason(error)}")


def callbacks(settings: Fit, seen: Watch, where: Place) -> list["keras.callbacks.Callback"]:
    """The callbacks of params.yaml, by their names in keras.callbacks, behind those that every training has."""
    import keras

    averaged = settings.optimizer.arguments.get("use_ema")
    swap = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if averaged else []
    made = [seen.trace, *swap, seen.curves, seen.best]  # the trace is of the weights that training goes on with
    for position, call in enumerate(settings.callbacks):
        (arguments,) = call.plain().values()
        try:
            made.append(getattr(keras.callbacks, call.name)(**arguments))
        except (ValueError, TypeError) as error:
            raise DarkroomError(f"{where.at('callbacks', position, call.name)}: {reason(error)}") from None
    return made
