"""Trains a model and kills the process on the way: `python -m tests.support.kill MODEL MOMENT [SIGNAL]`.

The moment is EPOCH.BATCH, both from 0, or write.N: in the middle of the Nth write (from 0) of a checkpoint. The signal is SIGKILL
or, at a batch, SIGINT: Ctrl-C. `make prove` and the tests use it.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from darkroom import config
from darkroom.core import artifacts, command
from darkroom.core.workspace import Workspace
from darkroom.launch import backend
from pipeline import train


def now(sent: int = signal.SIGKILL) -> None:
    """Signals this process; after SIGKILL nothing is flushed, closed or cleaned up."""
    os.kill(os.getpid(), sent)


def at_batch(epoch: int, batch: int, sent: int) -> None:
    """Arranges for a signal at the start of a batch."""
    training = config.load(Workspace.at()).training
    backend.configure(training.backend, training.deterministic)
    with backend.quiet_import():  # as in the stage
        from darkroom.training import fit
        from darkroom.training.callbacks.learning_curves import LearningCurves

    usual = fit.Records

    class Killer(LearningCurves):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def on_train_batch_begin(self, number: int, logs: Any = None) -> None:
            if (self.epoch, number) == (epoch, batch):
                now(sent)

    fit.Records = lambda: usual(curves=Killer())


def in_write(number: int, checkpoint: Path) -> None:
    """Arranges for SIGKILL when half of a checkpoint is written."""
    usual, writes = artifacts.replace, iter(range(number + 1))

    def write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
        if path != checkpoint or next(writes) < number:
            return usual(path, fill)
        usual(path.with_suffix(".whole"), fill)
        content = path.with_suffix(".whole").read_bytes()
        path.with_suffix(".whole").unlink()

        def half(stream: IO[bytes]) -> None:
            stream.write(content[: len(content) // 2])
            stream.flush()
            now()

        return usual(path, half)

    artifacts.replace = write


def main() -> None:
    """Arranges for the signal, then trains."""
    model, moment, *name = sys.argv[1:]
    first, number = moment.split(".")
    if first == "write":
        in_write(int(number), Workspace.at().checkpoint(model))
    else:
        at_batch(int(first), int(number), signal.Signals[name[0]] if name else signal.SIGKILL)
    train.main([model])


if __name__ == "__main__":
    command.run(main)
