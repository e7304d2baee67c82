"""A training that was killed goes on as if nothing had happened. Import it behind `runtime.start`: it needs Keras.

Batches are a function of their number and every generator's state is a variable, so a state is the variables of model,
optimizer and metrics, what the callbacks remember, and two numbers. (Keras's BackupAndRestore forgets the callbacks.)
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from darkroom.core.errors import DarkroomError
from darkroom.launch import checkpoint_file
from darkroom.launch.checkpoint_file import Plain, State

NOT_STATE = ("params", "_model", "model", "monitor_op", "min_delta")  # of a callback: what it is handed or makes of itself anew


class Checkpoint(keras.callbacks.Callback):
    """Keeps the state of a training in `path`, behind each epoch and, within an epoch, every `every` batches.

    It must stand behind the callbacks that it watches. `belongs` is what a state is good for; `begin` is the one that the
    training begins with, if there is one. Of several processes only one writes.
    """

    def __init__(self, path: Path, belongs: Plain, every: int | None, begin: State | None, writes: bool = True) -> None:
        super().__init__()
        self.path, self.belongs, self.every, self.begin, self.writes = path, belongs, every, begin, writes
        self.place = (begin.epoch, begin.batch) if begin else (0, 0)
        self.others: list[keras.callbacks.Callback] = []

    def watching(self, others: list[keras.callbacks.Callback]) -> tuple[int, int]:
        """The callbacks whose state is kept too; returns the epoch and the batch, both from 0, that training begins with."""
        self.others = others
        return self.place

    def goes_on(self) -> str:
        """What becomes of a training that is stopped now."""
        return (
            f"`dvc repro` goes on {checkpoint_file.place(*self.place)}" if self.place > (0, 0) else "`dvc repro` begins it anew"
        )

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Takes the state up, or keeps the one that the epoch before ended with: averaged weights are swapped out again."""
        self.epoch = epoch
        if self.begin is not None:
            self._restore(self.begin)
            self.begin = None
        elif epoch > 0:
            self._keep(epoch, 0)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Keeps a state on the way. The last batch is the epoch's own."""
        done = batch + 1
        if self.every and done % self.every == 0 and done < self.params["steps"] and (self.epoch, done) > self.place:
            self._keep(self.epoch, done)

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.model.optimizer.variables, *self.model.metrics_variables]

    def _keep(self, epoch: int, batch: int) -> None:
        self.place = (epoch, batch)
        if not self.writes:
            return
        variables = [np.asarray(keras.ops.convert_to_numpy(it)) for it in self._variables()]
        checkpoint_file.write(self.path, State(epoch, batch, variables, [remembered(it) for it in self.others], self.belongs))

    def _restore(self, begin: State) -> None:
        if keras.backend.backend() == "tensorflow":
            build(self.model)
        variables = self._variables()
        if [it.shape for it in variables] != [it.shape for it in begin.variables]:
            raise DarkroomError(f"{self.path}: not the state of this network; delete it to begin anew")
        for variable, value in zip(variables, begin.variables, strict=True):
            variable.assign(value)
        for callback, memory in zip(self.others, begin.callbacks, strict=True):
            vars(callback).update(memory)
        if begin.batch:
            self.model.train_function = skipping(self.model, begin.batch)


def build(model: keras.Model) -> None:
    """Makes the variables of optimizer and metrics, which Keras would make in the first step on TensorFlow."""
    model.optimizer.build(model.trainable_variables)
    targets = np.zeros((1, model.output_shape[1]), np.float32)
    model.test_on_batch(np.zeros((1, *model.input_shape[1:]), np.uint8), targets)


def remembered(callback: keras.callbacks.Callback) -> Plain:
    """The attributes of a callback that are its state: numbers, text, arrays, and lists and mappings of them."""
    return {name: value for name, value in vars(callback).items() if name not in NOT_STATE and _is_plain(value)}


def skipping(model: keras.Model, batches: int) -> Callable[..., Any]:
    """The training function of a model, at first without effect for so many batches, which `fit` takes for done.

    Keras has no way to begin within an epoch: it is given empty batches, counts them, and goes on behind them.
    """
    usual, left = model.train_function, batches

    def step(*given: Any) -> Any:
        nonlocal left
        if left == 0:
            return usual(*given)
        left -= 1
        *states, batches = given  # JAX's function takes and returns the state of the training, too
        next(batches)
        return ({}, *states) if states else {}

    return step


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic)
