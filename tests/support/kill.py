"""Trains a model and is killed (SIGKILL) on the way: `python -m tests.support.kill MODEL EPOCH.BATCH`, both from 0, or `write.N`.

`write.N` is in the middle of the Nth write (from 0) of a checkpoint. `make prove` and the tests end trainings with it.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from darkroom.core import artifacts, command, paths
from darkroom.training import fit
from pipeline import train


def now() -> None:
    """Nothing is flushed, closed or tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_batch(epoch: int, batch: int) -> None:
    """Kills before a batch is trained on."""
    usual, begun = fit.watch, [-1]

    def watch() -> fit.Watch:
        from darkroom.training.callbacks.progress import Curves

        class Killer(Curves):
            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
                begun[0] = epoch

            def on_train_batch_begin(self, number: int, logs: Any = None) -> None:
                if (begun[0], number) == (epoch, batch):
                    now()

        return replace(usual(), curves=Killer())

    fit.watch = watch


def in_write(number: int, state: Path) -> None:
    """Kills when half of a checkpoint is written."""
    usual, writes = artifacts.replace, iter(range(number + 1))

    def write(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
        if path != state or next(writes) < number:
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
    model, moment = sys.argv.pop(1), sys.argv.pop(1)
    sys.argv.append(model)
    kind, number = moment.split(".")
    if kind == "write":
        in_write(int(number), paths.state(model))
    else:
        at_batch(int(kind), int(number))
    train.main()


if __name__ == "__main__":
    command.run(main)
