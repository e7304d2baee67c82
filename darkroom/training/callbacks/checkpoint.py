"""Checkpoint: a killed training resumes and ends with the same bytes.

Batches are a function of their number, and the state of every random generator is a variable. The state of a training is
therefore the variables of model, optimizer and metrics, the state of the callbacks, and the numbers of epoch and batch.
(Keras's BackupAndRestore does not save the callbacks.)
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.launch import checkpoint_file
from darkroom.launch.checkpoint_file import TrainingState
from darkroom.training import backend
from darkroom.training.callbacks.states import Stateful, stateful


class Checkpoint(keras.callbacks.Callback):
    """Writes the state of a training to `path`, after each epoch and, within an epoch, every `steps` batches.

    `identity` is that of the training; `begin` is the state to resume from, if there is one. `writes` is true in the first
    process only.
    """

    def __init__(
        self, path: Path, identity: Dependencies, steps: int | None, begin: TrainingState | None, writes: bool = True
    ) -> None:
        super().__init__()
        self.path, self.identity, self.steps, self.begin, self.writes = path, identity, steps, begin, writes
        self.position = (begin.epoch, begin.batch) if begin else (0, 0)
        self.others: list[Stateful] = []

    def watch(self, others: list[keras.callbacks.Callback]) -> None:
        """Registers the callbacks whose state is saved too. They must come before this one."""
        self.others = [stateful(callback) for callback in others]

    def interrupt_note(self) -> str:
        """What the next run does if the training stops now, as text for the user."""
        if self.position == (0, 0):
            return "`dvc repro` restarts it from scratch"
        return f"`dvc repro` resumes {checkpoint_file.position(*self.position)}"

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Restores the state, or saves the end of the previous epoch, now that averaged weights are swapped out again."""
        self.epoch = epoch
        if self.begin is not None:
            self._restore(self.begin)
            self.begin = None
        elif epoch > 0:
            self._write(epoch, 0)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Saves a state within the epoch. The state after the last batch is saved when the next epoch begins."""
        done = batch + 1
        if self.steps and done % self.steps == 0 and done < self.params["steps"] and (self.epoch, done) > self.position:
            self._write(self.epoch, done)

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables, *self.model.metrics_variables]

    def _write(self, epoch: int, batch: int) -> None:
        self.position = (epoch, batch)
        if not self.writes:
            return
        variables = [np.asarray(keras.ops.convert_to_numpy(variable)) for variable in self._variables()]
        states = [callback.get_state() for callback in self.others]
        checkpoint_file.write(self.path, TrainingState(epoch, batch, variables, states, self.identity))

    def _restore(self, begin: TrainingState) -> None:
        backend.build_variables(self.model)
        variables = self._variables()
        if [variable.shape for variable in variables] != [value.shape for value in begin.variables]:
            raise DarkroomError(f"{self.path}: not the state of this network; delete it to restart from scratch")
        for variable, value in zip(variables, begin.variables, strict=True):
            variable.assign(value)
        for callback, state in zip(self.others, begin.callbacks, strict=True):
            callback.set_state(state)
        if begin.batch:
            self.model.train_function = skipping(self.model, begin.batch)


def skipping(model: keras.Model, batches: int) -> Callable[..., Any]:
    """The training function of a model, but its first `batches` calls only consume a batch.

    Keras cannot start within an epoch, so `fit` is given empty batches, counts them as done, and continues after them.
    """
    train_function, remaining = model.train_function, batches

    def step(*arguments: Any) -> Any:
        nonlocal remaining
        if remaining == 0:
            return train_function(*arguments)
        remaining -= 1
        *states, iterator = arguments  # JAX's function takes and returns the state of the training, too
        next(iterator)
        return ({}, *states) if states else {}

    return step
