"""A learning rate that warms up."""

from typing import Any

import keras
from keras import ops


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises in a straight line from 0, over `steps` steps, to where `after` begins; then it is `after`.

    The gradual warm-up of Goyal et al., "Accurate, large minibatch SGD" (2017), section 2.2, begun at 0. With a linear decay
    after it, it is the one-cycle policy of Smith and Topin, "Super-convergence" (2018). `after` is a schedule, whose steps
    count from the end of the warm-up, or a constant.
    """

    def __init__(self, steps: int, after: Any) -> None:
        self.steps, self.after = steps, after

    def __call__(self, step: Any) -> Any:
        """The rate at `step`, counted from 0."""
        step = ops.cast(step, "float32")
        return self._after(ops.maximum(step - self.steps, 0.0)) * ops.minimum(step / self.steps, 1.0)

    def _after(self, step: Any) -> Any:
        return self.after(step) if callable(self.after) else self.after

    def get_config(self) -> dict[str, Any]:
        """What Keras serialises."""
        return {"steps": self.steps, "after": self.after}
