"""From params.yaml to a Keras optimizer and its learning-rate schedule."""

from typing import TYPE_CHECKING, Any

from pipeline.errors import Refusal
from pipeline.params import Place
from pipeline.params.arguments import STEPS
from pipeline.params.call import Call
from pipeline.training.network import reason

if TYPE_CHECKING:
    import keras


def build(call: Call, steps_per_epoch: int, where: Place) -> "keras.Optimizer":
    """The optimizer of that name in keras.optimizers; `N epochs` in a schedule becomes steps.

    Raises Refusal, which names `where`, for arguments that Keras does not take.
    """
    import keras

    (arguments,) = call.plain().values()
    rate = call.arguments.get("learning_rate")
    if isinstance(rate, Call):
        arguments["learning_rate"] = schedule(rate, steps_per_epoch, where.at(call.name, "learning_rate", rate.name))
    try:
        optimizer: keras.Optimizer = getattr(keras.optimizers, call.name)(**arguments)
    except (ValueError, TypeError) as error:
        raise Refusal(f"{where.at(call.name)}: {reason(error)}") from None
    return optimizer


def schedule(call: Call, steps_per_epoch: int, where: Place) -> "keras.optimizers.schedules.LearningRateSchedule":
    """The schedule of that name in keras.optimizers.schedules. Raises Refusal, which names `where`."""
    import keras

    try:
        made: keras.optimizers.schedules.LearningRateSchedule = getattr(keras.optimizers.schedules, call.name)(
            **in_steps(call, steps_per_epoch)
        )
    except (ValueError, TypeError) as error:
        raise Refusal(f"{where}: {reason(error)}") from None
    return made


def in_steps(call: Call, steps_per_epoch: int) -> dict[str, Any]:
    """The schedule's arguments, every `N epochs` as a whole number of steps."""
    (arguments,) = call.plain().values()
    return {key: _steps(value, steps_per_epoch) for key, value in arguments.items()}


def _steps(value: Any, steps_per_epoch: int) -> Any:
    if isinstance(value, list):
        return [_steps(item, steps_per_epoch) for item in value]
    told = STEPS.fullmatch(value) if isinstance(value, str) else None
    return round(float(told[1]) * steps_per_epoch) if told else value
