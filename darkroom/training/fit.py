"""One call of Keras's `fit`, from the first batch or from a checkpoint."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import keras
import numpy as np

from darkroom.config.model import Fit
from darkroom.core.errors import DarkroomError
from darkroom.data.shards import Shards
from darkroom.launch.distributed import watchdog
from darkroom.training import backend, input_pipeline, keras_errors
from darkroom.training.callbacks.best_weights import BestWeights
from darkroom.training.callbacks.checkpoint import Checkpoint
from darkroom.training.callbacks.interrupt import Interrupt
from darkroom.training.callbacks.learning_curves import LearningCurves
from darkroom.training.callbacks.weight_trace import WeightTrace
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

    Raises DarkroomError if the loss becomes NaN or infinite, if the device runs out of memory, and for what Keras or the
    backend rejects; `records` then holds the best weights so far.
    """
    batches, settings = setup.batches, setup.fit
    begin = checkpoint.position if checkpoint else (0, 0)
    chain = callbacks(settings, records, checkpoint)
    with _explained(setup) as errors:
        setup.model.fit(
            input_pipeline.training(batches, settings.epochs, workers, begin, errors),
            steps_per_epoch=batches.per_epoch,
            initial_epoch=begin[0],
            epochs=settings.epochs,
            validation_data=input_pipeline.validation(validation, batches, errors),
            callbacks=chain,
            shuffle=False,
            verbose=_verbosity(),
        )
    curves = records.curves.table()
    if not np.isfinite(curves[["loss", "val_loss"]]).all(axis=None):
        problem = f"the loss is NaN or infinite in epoch {len(curves)}"
        raise DarkroomError(f"{settings.place}: {problem}; lower the learning rate, or clip gradients (global_clipnorm)")


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


def callbacks(settings: Fit, records: Records, checkpoint: Checkpoint | None = None) -> list[keras.callbacks.Callback]:
    """All callbacks of a training in the order in which Keras calls them.

    - Interrupt is first: after a Ctrl-C no other callback begins a batch.
    - The weight trace precedes the swap: it records the raw weights, with which training continues, not their average.
    - The swap precedes all callbacks that keep an epoch's weights: they keep the averaged ones, which were validated.
    - The best weights precede the callbacks of params.yaml: EarlyStopping decides which weights the model ends with.
    - The checkpoint is last: it saves the state of all others, and the raw weights after they are swapped in again.

    The learning curves could be anywhere: they only read the logs.
    """
    averages = settings.optimizer.arguments.get("use_ema")
    swap = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if averages else []
    stateful = [records.weight_trace, *swap, records.curves, records.best, *_named(settings)]
    if checkpoint:
        checkpoint.watch(stateful)
    return [Interrupt(), *stateful, *([checkpoint] if checkpoint else [])]


def _named(settings: Fit) -> Iterator[keras.callbacks.Callback]:
    """The callbacks of params.yaml, by their names in keras.callbacks."""
    for call in settings.callbacks:
        kind, arguments = getattr(keras.callbacks, call.name), call.keywords()
        with keras_errors.one_line(call.place):
            callback = kind(**arguments)
        yield callback


@contextmanager
def _explained(setup: Setup) -> Iterator[list[Exception]]:
    """Wraps `fit`: an error of Keras or the backend becomes a DarkroomError, see `explain`; an error of ours passes unchanged.

    The yielded list collects errors raised while batches are made; the first is raised in place of the backend's.
    """
    errors: list[Exception] = []
    try:
        yield errors
    except backend.ERRORS as error:
        if errors:
            raise errors[0] from None
        if line := explain(error, setup):
            raise DarkroomError(line) from error
        if keras_errors.is_ours(error):
            raise
        raise DarkroomError(f"{setup.fit.place}: {keras_errors.reason(error)}") from error


def explain(error: BaseException, setup: Setup) -> str | None:
    """The message if the device ran out of memory or a process was lost, else None. JAX may raise these errors anywhere."""
    chain = [error]
    while chain[-1].__context__ is not None:  # JAX's own clean-up may fail after the first error
        chain.append(chain[-1].__context__)
    texts = [f"{type(link).__name__} {link}" for link in chain]
    if any(map(OUT_OF_MEMORY.search, texts)):
        size = setup.fit.batch_size
        advice = f"try {size // 2}" if size > 1 else "try a smaller image or network"
        return f"{setup.fit.at('batch_size')}: {size}: the device has too little memory for such a batch; {advice}"
    if setup.batches.shard.processes > 1 and any(map(watchdog.SIGNS_OF_LOSS.search, texts)):
        return watchdog.LOST
    return None


def _verbosity() -> int:
    """A progress bar on a terminal, else one line per epoch."""
    return 1 if sys.stdout.isatty() else 2
