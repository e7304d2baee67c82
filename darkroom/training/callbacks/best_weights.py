"""BestWeights: the weights of the best epoch, saved if a training fails or is interrupted."""

from pathlib import Path

import keras
import numpy as np

from darkroom.training import keras_file
from darkroom.training.callbacks.states import State

STATE = ("epoch", "loss", "accuracy", "weights", "last")


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest validation loss, for a training that fails or is interrupted.

    Also stops a training whose loss is NaN or infinite. (Keras's TerminateOnNaN checks after each step, which makes JAX wait
    for the step.)
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch, self.loss, self.accuracy = 0, float("inf"), 0.0
        self.weights: list[np.ndarray] = []
        self.last: list[np.ndarray] = []

    def get_state(self) -> State:
        """The best epoch and the last one."""
        return {name: getattr(self, name) for name in STATE}

    def set_state(self, state: State) -> None:
        """Restores what `get_state` returned."""
        for name in STATE:
            setattr(self, name, state[name])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compares the epoch with the best one; with `use_ema` the model has the averaged weights at this point."""
        logs = logs or {}
        self.last = self.model.get_weights()
        if not np.isfinite([logs["loss"], logs["val_loss"]]).all():
            self.model.stop_training = True
        if logs["val_loss"] < self.loss:
            self.epoch, self.loss, self.accuracy = epoch + 1, logs["val_loss"], logs["val_accuracy"]
            self.weights = self.last

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Restores the last epoch's weights: after an early stop, Keras leaves the raw weights, not the averages."""
        if self.last:
            self.model.set_weights(self.last)

    def save(self, path: Path) -> str:
        """Saves the best weights so far, if there are any, to `path`; returns a line about them for the user."""
        if not self.weights:
            return "no epoch was finished"
        self.model.set_weights(self.weights)
        keras_file.save(self.model, path)
        return f"the best state so far (epoch {self.epoch}, val_accuracy {self.accuracy:.4f}) is in {path}"
