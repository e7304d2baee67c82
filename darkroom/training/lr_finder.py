"""The learning-rate range test: the loss of a training whose rate rises from step to step until it diverges.

Smith, "Cyclical learning rates for training neural networks" (2017), section 3.3, with a rate that grows by a constant
factor. Import it behind `runtime.start`: it needs Keras.
"""

import keras
import numpy as np
import pandas as pd

from darkroom.config.model import Fit
from darkroom.config.named_call import Call

SMOOTHING = 0.95
DIVERGED = 3.0  # times the lowest loss so far


class Rising(keras.callbacks.Callback):
    """Sets the rate before each step, notes the smoothed loss behind it, and stops where that has diverged."""

    def __init__(self, lowest: float, highest: float, steps: int) -> None:
        super().__init__()
        self.rates = np.geomspace(lowest, highest, steps)
        self.rows: list[tuple[float, float]] = []
        self.mean = 0.0

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """The step's rate."""
        self.model.reset_metrics()  # so that the loss is this step's own, not the mean since the beginning
        self.model.optimizer.learning_rate = self.rates[batch]

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """The exponential mean of the losses, without the bias of its beginning."""
        loss = (logs or {})["loss"]
        self.mean = SMOOTHING * self.mean + (1 - SMOOTHING) * loss
        smooth = self.mean / (1 - SMOOTHING ** (len(self.rows) + 1))
        self.rows.append((float(self.rates[batch]), float(smooth)))
        if not smooth < DIVERGED * min(loss for _, loss in self.rows):
            self.model.stop_training = True


def without_schedule(fit: Fit) -> Fit:
    """`fit` with a constant rate, which can be set from outside, and no warm-up."""
    arguments = {key: value for key, value in fit.optimizer.arguments.items() if key != "learning_rate"}
    return fit.model_copy(update={"optimizer": Call(fit.optimizer.name, arguments), "warmup": None})


def curve(rows: list[tuple[float, float]]) -> pd.DataFrame:
    """Columns learning_rate and loss, only where the loss is a number."""
    table = pd.DataFrame(rows, columns=["learning_rate", "loss"])
    found: pd.DataFrame = table.loc[np.isfinite(table["loss"])]
    return found


def steepest(table: pd.DataFrame) -> float:
    """The rate where the loss falls fastest against the rate's logarithm: a good peak for a schedule that decays."""
    if len(table) < 3:
        return float(table["learning_rate"].iloc[0])
    before_the_lowest = table.iloc[: max(3, int(table["loss"].to_numpy().argmin()) + 1)]
    slope = np.gradient(before_the_lowest["loss"], np.log(before_the_lowest["learning_rate"]))
    return float(before_the_lowest["learning_rate"].iloc[int(slope.argmin())])
