"""WeightTrace: the digest of every tensor after each epoch."""

import keras
import numpy as np
import pandas as pd

from darkroom.core import digests
from darkroom.training.callbacks.states import State

DIGITS = 16  # of 64: enough to tell tensors apart


class WeightTrace(keras.callbacks.Callback):
    """Records the first 16 hexadecimal digits of the SHA-256 of every tensor of model and optimizer after each epoch.

    `darkroom diverge` compares two traces to find the first epoch and tensor in which two trainings differ.
    """

    COLUMNS = ("epoch", "tensor", "sha256")

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[int | str]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Adds one row per tensor, in Keras's order."""
        for variable in [*self.model.variables, *self.model.optimizer.variables]:
            content = np.asarray(keras.ops.convert_to_numpy(variable)).tobytes()
            self.rows.append([epoch + 1, variable.path, digests.sha256(content)[:DIGITS]])

    def get_state(self) -> State:
        """The rows so far."""
        return {"rows": self.rows}

    def set_state(self, state: State) -> None:
        """Restores what `get_state` returned."""
        self.rows = state["rows"]

    def table(self) -> pd.DataFrame:
        """The table, one row per epoch and tensor."""
        return pd.DataFrame(self.rows, columns=self.COLUMNS)
