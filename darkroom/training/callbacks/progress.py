"""What `fit` reads and tells on the way. Import it behind `runtime.start`: it needs Keras."""

import hashlib
import signal
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import keras
import numpy as np
import pandas as pd

from darkroom.data.shards import Shards
from darkroom.launch.distributed.shard import Share
from darkroom.training import keras_file
from darkroom.training.augmentation import Pixels, Targets
from darkroom.training.batches import one_hot


class InOrder(keras.utils.PyDataset):
    """The rows of `share` of a split in batches of `size`, from its first image to its last."""

    def __init__(self, split: Shards, classes: int, size: int, share: Share) -> None:
        super().__init__()
        self.split, self.classes, self.size, self.share = split, classes, size, share

    def __len__(self) -> int:
        return self.share.batches(len(self.split), self.size)

    def __getitem__(self, index: int) -> tuple[Pixels, Targets]:
        positions = np.arange(index * self.size, min((index + 1) * self.size, len(self.split)))
        positions = positions[self.share.rows(len(positions))]
        return self.split.images(positions), one_hot(self.split.labels[positions], self.classes)


class Curves(keras.callbacks.Callback):
    """The figures of each epoch: epoch (from 1), accuracy, loss, val_accuracy, val_loss."""

    COLUMNS = ("epoch", "accuracy", "loss", "val_accuracy", "val_loss")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[float]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Adds a row."""
        self.rows.append([epoch + 1, *((logs or {})[name] for name in self.COLUMNS[1:])])

    def table(self) -> pd.DataFrame:
        """A row an epoch."""
        return pd.DataFrame(self.rows, columns=self.COLUMNS).astype({"epoch": int})


class Trace(keras.callbacks.Callback):
    """What every tensor of model and optimizer was behind each epoch: the beginning of the SHA-256 of its bytes.

    `python -m darkroom.commands.diverge` finds with it where two trainings part.
    """

    COLUMNS = ("epoch", "tensor", "sha256")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[Any]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Adds a row a tensor, in Keras's order."""
        for variable in [*self.model.variables, *self.model.optimizer.variables]:
            content = np.asarray(keras.ops.convert_to_numpy(variable)).tobytes()
            self.rows.append([epoch + 1, variable.path, hashlib.sha256(content).hexdigest()[:16]])

    def table(self) -> pd.DataFrame:
        """A row an epoch and tensor."""
        return pd.DataFrame(self.rows, columns=self.COLUMNS)


class Interrupt(keras.callbacks.Callback):
    """Ends a training at Ctrl-C, between two batches.

    Within one, JAX mostly waits inside a bare `except` of Keras (`pythonify_logs`), which would swallow it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked = False

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Listens, unless the program that started this one said that it should not."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler and current_thread() is main_thread():
            signal.signal(signal.SIGINT, self._note)

    def _note(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Ends it."""
        if self.asked:
            raise KeyboardInterrupt

    def on_test_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """The same in validation."""
        self.on_train_batch_begin(batch)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Ctrl-C is Python's again."""
        if signal.getsignal(signal.SIGINT) == self._note:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class Best(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest loss on validation, for a training that breaks off.

    It also ends one whose loss is no longer a number. (Keras's TerminateOnNaN asks after each step, for which JAX must wait.)
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch, self.loss, self.accuracy = 0, float("inf"), 0.0
        self.weights: list[Any] = []
        self.last: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compares; with `use_ema` the averaged weights are in the model at this moment."""
        logs = logs or {}
        self.last = self.model.get_weights()
        if not np.isfinite([logs["loss"], logs["val_loss"]]).all():
            self.model.stop_training = True
        if logs.get("val_loss", float("inf")) < self.loss:
            self.epoch, self.loss, self.accuracy = epoch + 1, logs["val_loss"], logs["val_accuracy"]
            self.weights = self.last

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Puts the last epoch's weights back: an early stop makes Keras end with those that were not averaged."""
        if self.last:
            self.model.set_weights(self.last)

    def save(self, path: Path) -> str:
        """Writes the best state so far, if there is one; returns what to tell of it."""
        if not self.weights:
            return "no epoch was finished"
        self.model.set_weights(self.weights)
        keras_file.save(self.model, path)
        return f"the best state so far (epoch {self.epoch}, val_accuracy {self.accuracy:.4f}) is in {path}"
