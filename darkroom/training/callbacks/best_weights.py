"""BestWeights: the best epoch of a training that breaks off."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from darkroom.training import keras_file


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest loss on validation, for a training that breaks off.

    It also stops a training whose loss is no longer a number. (Keras's TerminateOnNaN asks after each step, for which JAX must
    wait.)
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
        """Writes the best weights so far, if there are any; returns what to say of them."""
        if not self.weights:
            return "no epoch was finished"
        self.model.set_weights(self.weights)
        keras_file.save(self.model, path)
        return f"the best state so far (epoch {self.epoch}, val_accuracy {self.accuracy:.4f}) is in {path}"
