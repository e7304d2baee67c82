"""WarmUp: a learning-rate schedule with a linear warm-up."""

from typing import Any

import keras
from keras import ops


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises linearly from 0 to the first value of `after` over `steps` steps, then follows `after`.

    This is the gradual warm-up of Goyal et al., "Accurate, large minibatch SGD" (2017), section 2.2, but from 0. Followed by a
    linear decay, it is the one-cycle policy of Smith and Topin, "Super-convergence" (2018). `after` is a schedule, whose steps
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
        """The arguments of the constructor, which Keras serialises."""
        return {"steps": self.steps, "after": self.after}
