"""One call of Keras's `fit`, from the first batch or from a checkpoint."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import keras
import numpy as np

from darkroom.config import Place
from darkroom.config.model import Fit
from darkroom.core.errors import DarkroomError
from darkroom.data.shards import Shards
from darkroom.launch.distributed import watchdog
from darkroom.training import backend, input_pipeline
from darkroom.training.callbacks.best_weights import BestWeights
from darkroom.training.callbacks.checkpoint import Checkpoint
from darkroom.training.callbacks.interrupt import Interrupt
from darkroom.training.callbacks.learning_curves import LearningCurves
from darkroom.training.callbacks.weight_trace import WeightTrace
from darkroom.training.network import reason
from darkroom.training.setup import Setup

OUT_OF_MEMORY = re.compile(r"RESOURCE_EXHAUSTED|ResourceExhausted|out of memory", re.IGNORECASE)


@dataclass(frozen=True)
class Records:
    """What every training records: the digests of its tensors, its learning curves, its best weights."""

    weight_trace: WeightTrace = field(default_factory=WeightTrace)
    curves: LearningCurves = field(default_factory=LearningCurves)
    best: BestWeights = field(default_factory=BestWeights)


def fit(setup: Setup, validation: Shards, workers: int, records: Records, checkpoint: Checkpoint | None = None) -> None:
    """Trains the model of a setup in place, from the state in `checkpoint` if it has one, and fills `records`.

    Raises DarkroomError if the loss becomes NaN or infinite, if the device runs out of memory, and for any other error of Keras
    or the backend; the best weights so far are then in `records`.
    """
    batches, settings, place = setup.batches, setup.fit, setup.place
    stateful = callbacks(settings, records, place)
    begin = checkpoint.watch(stateful) if checkpoint else (0, 0)
    with _explained(setup) as errors:
        setup.model.fit(
            input_pipeline.training(batches, settings.epochs, workers, begin, errors),
            steps_per_epoch=batches.per_epoch,
            initial_epoch=begin[0],
            epochs=settings.epochs,
            validation_data=input_pipeline.validation(validation, batches),
            callbacks=[Interrupt(), *stateful, *([checkpoint] if checkpoint else [])],
            shuffle=False,
            verbose=_verbosity(),
        )
    curves = records.curves.table()
    if not np.isfinite(curves[["loss", "val_loss"]]).all(axis=None):
        problem = f"the loss is no longer a number in epoch {len(curves)}"
        raise DarkroomError(f"{place}: {problem}; lower the learning rate, or clip gradients (global_clipnorm)")


def probe(setup: Setup, steps: int, callback: keras.callbacks.Callback) -> None:
    """Trains for `steps` batches without validation, for what `callback` records. Raises DarkroomError as `fit` does."""
    epochs = -(-steps // setup.batches.per_epoch)
    with _explained(setup) as errors:
        setup.model.fit(
            input_pipeline.training(setup.batches, epochs, 1, (0, 0), errors),
            steps_per_epoch=steps,
            callbacks=[Interrupt(), callback],
            shuffle=False,
            verbose=_verbosity(),
        )


def callbacks(settings: Fit, records: Records, place: Place) -> list[keras.callbacks.Callback]:
    """The callbacks that every training has, then those of params.yaml, by their names in keras.callbacks."""
    averaged = settings.optimizer.arguments.get("use_ema")
    swap = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if averaged else []
    # The trace comes before the swap: it is of the weights that training continues with, not of their average.
    chain = [records.weight_trace, *swap, records.curves, records.best]
    for position, call in enumerate(settings.callbacks):
        (arguments,) = call.plain().values()
        try:
            chain.append(getattr(keras.callbacks, call.name)(**arguments))
        except (ValueError, TypeError) as error:
            raise DarkroomError(f"{place.at('callbacks', position, call.name)}: {reason(error)}") from None
    return chain


def explain(error: Exception, setup: Setup) -> DarkroomError:
    """An error inside `fit`, one of `backend.ERRORS`, as a one-line DarkroomError."""
    chain = [error]
    while chain[-1].__context__ is not None:  # JAX's own clean-up may fail after the first error
        chain.append(chain[-1].__context__)  # type: ignore[arg-type]
    texts = [f"{type(link).__name__} {link}" for link in chain]
    place, size = setup.place, setup.fit.batch_size
    if any(map(OUT_OF_MEMORY.search, texts)):
        advice = f"try {size // 2}" if size > 1 else "try a smaller image or network"
        return DarkroomError(f"{place.at('batch_size')}: {size}: the device has too little memory for such a batch; {advice}")
    if setup.batches.shard.processes > 1 and any(map(watchdog.SIGNS_OF_LOSS.search, texts)):
        return DarkroomError(watchdog.LOST)
    return DarkroomError(f"{place}: {reason(error)}")


@contextmanager
def _explained(setup: Setup) -> Iterator[list[Exception]]:
    """Raises an error inside `fit` as `explain` words it, or the first of the yielded list: that came before, from a batch."""
    errors: list[Exception] = []
    try:
        yield errors
    except backend.ERRORS as error:
        raise errors[0] if errors else explain(error, setup) from error


def _verbosity() -> int:
    """A progress bar on a terminal, else one line per epoch."""
    return 1 if sys.stdout.isatty() else 2
