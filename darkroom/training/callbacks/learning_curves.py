"""LearningCurves: loss and accuracy after each epoch."""

import keras
import pandas as pd

from darkroom.training.callbacks.states import State


class LearningCurves(keras.callbacks.Callback):
    """Records epoch (from 1), accuracy, loss, val_accuracy and val_loss after each epoch."""

    COLUMNS = ("epoch", "accuracy", "loss", "val_accuracy", "val_loss")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[float]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Adds a row."""
        self.rows.append([epoch + 1, *((logs or {})[name] for name in self.COLUMNS[1:])])

    def get_state(self) -> State:
        """The rows so far."""
        return {"rows": self.rows}

    def set_state(self, state: State) -> None:
        """Restores what `get_state` returned."""
        self.rows = state["rows"]

    def table(self) -> pd.DataFrame:
        """The table, one row per epoch."""
        return pd.DataFrame(self.rows, columns=self.COLUMNS).astype({"epoch": int})
