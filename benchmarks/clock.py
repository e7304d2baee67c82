"""One training of `benchmarks.determinism`: waits for a line on stdin before each epoch, and prints how long it took.

Imports Keras: configure the backend first (`darkroom.launch.backend`).
"""

import sys
import time
from typing import Any

from darkroom import config
from darkroom.core.dvc_files import Dependencies
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.training import fit as fitting
from darkroom.training import runtime, setup
from darkroom.training.callbacks.checkpoint import Checkpoint
from darkroom.training.callbacks.weight_trace import WeightTrace
from darkroom.training.fit import Records


class Clock(WeightTrace):
    """The first callback of a training: the clock and, if `traced`, the weight trace."""

    def __init__(self, traced: bool) -> None:
        super().__init__()
        self.traced, self.started = traced, 0.0

    def on_epoch_begin(self, *_: object) -> None:
        """Stops the clock for the previous epoch, including validation and all callbacks, then waits for its turn."""
        self.report()
        sys.stdin.readline()
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Records the digests of the weights."""
        if self.traced:
            super().on_epoch_end(epoch, logs)

    def on_train_end(self, *_: object) -> None:
        """Stops the clock for the last epoch."""
        self.report()

    def report(self) -> None:
        """Prints the seconds since the start of the epoch, if one has started."""
        if self.started:
            print(f"took {time.perf_counter() - self.started}", flush=True)


def train(name: str, workspace: Workspace, epochs: int, deterministic: bool, kept: bool, steps: int | None) -> None:
    """Trains for `epochs` epochs; with `kept`, with weight trace and checkpoint, the latter also every `steps` batches."""
    settings = config.load(workspace)
    runtime.start(settings.seed, settings.training.precision, deterministic)
    model = settings.model(name)
    model = model.model_copy(update={"fit": model.fit.model_copy(update={"epochs": epochs})})
    ready = setup.prepare(model, settings.image.policy, settings.seed, workspace)
    checkpoint = Checkpoint(workspace.checkpoint(name), Dependencies({}, {}), steps, None) if kept else None
    validation = Shards(workspace.split("validation"))
    fitting.fit(ready, validation, settings.training.workers, Records(weight_trace=Clock(kept)), checkpoint)
