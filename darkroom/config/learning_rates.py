"""Checks that warm-up and learning-rate schedule fit the number of epochs, as far as params.yaml alone can show."""

from darkroom.config.arguments import STEPS, mistake
from darkroom.config.named_call import NamedCall

FINAL_VALUE = {"CosineDecay": ("alpha", 0.0), "PolynomialDecay": ("end_learning_rate", 0.0001)}  # argument, default


def check(epochs: int, warmup: str | None, optimizer: NamedCall) -> None:
    """Raises PydanticCustomError for a warm-up that never ends or has no effect, or if the rate is 0 for an epoch or more."""
    linear_warmup = fraction(warmup, epochs) if warmup else 0.0
    if linear_warmup is not None and linear_warmup >= 1:
        text = f"all {epochs} epochs would be warm-up; fewer epochs, or less than 100 %, are needed"
        raise mistake("type", text, ("warmup",), value=warmup)
    schedule = optimizer.arguments.get("learning_rate")
    if not isinstance(schedule, NamedCall):
        return
    at = ("optimizer", optimizer.name, "learning_rate", schedule.name)
    warms_up = schedule.arguments.get("warmup_target") is not None
    if "warmup_steps" in schedule.arguments and not warms_up:
        text = "it has no effect without warmup_target; `warmup` of fit works with any schedule"
        raise mistake("refused", text, (*at, "warmup_steps"))
    own_warmup = fraction(schedule.arguments.get("warmup_steps", 0), epochs) if warms_up else 0.0
    decay = _decay_to_zero(schedule, epochs)
    if linear_warmup is None or own_warmup is None or decay is None:
        return
    idle = (1 - (linear_warmup + own_warmup + decay)) * epochs
    if idle >= 1:
        text = f"the learning rate would be 0 in the last {idle:.3g} of {epochs} epochs"
        raise mistake("type", text, (*at, "decay_steps"), value=schedule.arguments["decay_steps"])


def fraction(steps: object, epochs: int) -> float | None:
    """`2 epochs` or `5 %` as a fraction of the training; None for a number of steps other than 0."""
    if steps == 0:
        return 0.0
    match = STEPS.fullmatch(steps) if isinstance(steps, str) else None
    if not match:
        return None
    return float(match[1]) / (100 if match[2] == "%" else epochs)


def _decay_to_zero(schedule: NamedCall, epochs: int) -> float | None:
    """The fraction of the training in which the rate decays to 0; None if it does not, or if params.yaml does not show it."""
    if schedule.name not in FINAL_VALUE or schedule.arguments.get("cycle"):
        return None
    key, default = FINAL_VALUE[schedule.name]
    return fraction(schedule.arguments["decay_steps"], epochs) if schedule.arguments.get(key, default) == 0 else None
