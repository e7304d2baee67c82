"""Trains a model and is killed (SIGKILL) on the way: `python -m tests.support.kill MODEL EPOCH.BATCH`, both from 0, or `write.N`.

`write.N` is in the middle of the Nth write (from 0) of a checkpoint. `make prove` and the tests end trainings with it.
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


def now() -> None:
    """Nothing is flushed, closed or tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_batch(epoch: int, batch: int) -> None:
    """Kills before a batch is trained on."""
    training = config.load(Workspace.at()).training
    backend.configure(training.backend, training.deterministic)
    with backend.quiet_import():  # as the stage does it
        from darkroom.training import fit
        from darkroom.training.callbacks.learning_curves import LearningCurves

    usual, current = fit.Records, [-1]  # no attribute of the callback: it would be part of the checkpoint

    class Killer(LearningCurves):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            current[0] = epoch

        def on_train_batch_begin(self, number: int, logs: Any = None) -> None:
            if (current[0], number) == (epoch, batch):
                now()

    fit.Records = lambda: usual(curves=Killer())


def in_write(number: int, checkpoint: Path) -> None:
    """Kills when half of a checkpoint is written."""
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
    """Sets the trap and trains."""
    model, moment = sys.argv[1:]
    kind, number = moment.split(".")
    if kind == "write":
        in_write(int(number), Workspace.at().checkpoint(model))
    else:
        at_batch(int(kind), int(number))
    train.main([model])


if __name__ == "__main__":
    command.run(main)
