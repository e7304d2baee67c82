"""The learning-rate range test: trains at a rate that rises from step to step, and records the loss until it diverges.

Smith, "Cyclical learning rates for training neural networks" (2017), section 3.3, but the rate grows by a constant
factor.
"""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd

from darkroom.config import Params
from darkroom.config.model import Fit
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.training import fit, runtime, setup

SMOOTHING = 0.95
DIVERGED = 3.0  # times the lowest loss so far


class RisingRate(keras.callbacks.Callback):
    """Sets the rate before each step, records the smoothed loss after it, and stops when it diverges."""

    def __init__(self, lowest: float, highest: float, steps: int) -> None:
        super().__init__()
        self.rates = np.geomspace(lowest, highest, steps)
        self.rows: list[tuple[float, float]] = []
        self.mean = 0.0

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Sets the rate of the step."""
        self.model.reset_metrics()  # so that the loss is that of this step, not the mean since the start
        self.model.optimizer.learning_rate = self.rates[batch]

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Records the exponential moving average of the losses, corrected for its start at zero."""
        loss = (logs or {})["loss"]
        self.mean = SMOOTHING * self.mean + (1 - SMOOTHING) * loss
        smooth = self.mean / (1 - SMOOTHING ** (len(self.rows) + 1))
        self.rows.append((float(self.rates[batch]), float(smooth)))
        if not smooth < DIVERGED * min(loss for _, loss in self.rows):
            self.model.stop_training = True


def range_test(
    name: str, settings: Params, workspace: Workspace, rates: tuple[float, float], steps: int
) -> tuple[pd.DataFrame, float]:
    """Runs the test on a model; returns its curve (columns learning_rate, loss) and the rate at which the loss falls fastest.

    It takes at most `steps` steps, from the lower to the higher of `rates`. Raises DarkroomError if the loss is NaN or infinite
    even at the lowest rate.
    """
    model, training = settings.model(name), settings.training
    device = runtime.start(settings.seed, training.precision, training.deterministic)
    print(f"{name}: at most {steps} steps on {device}", flush=True)
    constant = model.model_copy(update={"fit": without_schedule(model.fit)})
    rising = RisingRate(*rates, steps)
    fit.probe(setup.prepare(constant, settings.image.policy, settings.seed, workspace), steps, rising)
    table = curve(rising.rows)
    if table.empty:
        raise DarkroomError(f"{model.fit.place}: the loss is NaN or infinite even at a learning rate of {rates[0]:g}")
    return table, steepest(table)


def without_schedule(settings: Fit) -> Fit:
    """`settings` with a constant rate, which a callback can set, and no warm-up."""
    arguments = {key: value for key, value in settings.optimizer.arguments.items() if key != "learning_rate"}
    return settings.model_copy(update={"optimizer": replace(settings.optimizer, arguments=arguments), "warmup": None})


def curve(rows: list[tuple[float, float]]) -> pd.DataFrame:
    """A table with the columns learning_rate and loss, without the rows whose loss is NaN or infinite."""
    table = pd.DataFrame(rows, columns=["learning_rate", "loss"])
    finite: pd.DataFrame = table.loc[np.isfinite(table["loss"])]
    return finite


def steepest(table: pd.DataFrame) -> float:
    """The rate at which the loss falls fastest against the logarithm of the rate: a good peak for a decaying schedule."""
    if len(table) < 3:
        return float(table["learning_rate"].iloc[0])
    falling = table.iloc[: max(3, int(table["loss"].to_numpy().argmin()) + 1)]
    slope = np.gradient(falling["loss"], np.log(falling["learning_rate"]))
    return float(falling["learning_rate"].iloc[int(slope.argmin())])
