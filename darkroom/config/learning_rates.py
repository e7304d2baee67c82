"""Does the learning rate suit the length of the training? As far as params.yaml alone can tell."""

from typing import Any

from darkroom.config.arguments import STEPS, wrong
from darkroom.config.named_call import Call

ENDS = {"CosineDecay": ("alpha", 0.0), "PolynomialDecay": ("end_learning_rate", 0.0001)}  # where a decay ends, and by default


def check(epochs: int, warmup: str | None, optimizer: Call) -> None:
    """Refuses a warm-up that never ends, one that does nothing, and a rate that is 0 for an epoch or more."""
    rising = share(warmup, epochs) if warmup else 0.0
    if rising is not None and rising >= 1:
        text = f"all {epochs} epochs would warm up; fewer epochs, or less than 100 %, are needed"
        raise wrong("type", text, ("warmup",), got=warmup)
    rate = optimizer.arguments.get("learning_rate")
    if not isinstance(rate, Call):
        return
    at = ("optimizer", optimizer.name, "learning_rate", rate.name)
    rises = rate.arguments.get("warmup_target") is not None
    if "warmup_steps" in rate.arguments and not rises:
        raise wrong(
            "refused", "it does nothing without warmup_target; `warmup` of fit warms any schedule up", (*at, "warmup_steps")
        )
    parts = [rising, share(rate.arguments.get("warmup_steps", 0), epochs) if rises else 0.0, _falling(rate, epochs)]
    known = [part for part in parts if part is not None]
    idle = (1 - sum(known)) * epochs
    if len(known) == len(parts) and idle >= 1:
        text = f"the learning rate would be 0 in the last {idle:.3g} of {epochs} epochs"
        raise wrong("type", text, (*at, "decay_steps"), got=rate.arguments["decay_steps"])


def share(told: Any, epochs: int) -> float | None:
    """`2 epochs` or `5 %` as a share of the training; a number of steps says nothing, but for none."""
    if told == 0:
        return 0.0
    found = STEPS.fullmatch(told) if isinstance(told, str) else None
    if not found:
        return None
    return float(found[1]) / (100 if found[2] == "%" else epochs)


def _falling(rate: Call, epochs: int) -> float | None:
    """The share of the training in which the rate falls to 0; None where it does not, or where nobody can tell."""
    if rate.name not in ENDS or rate.arguments.get("cycle"):
        return None
    key, default = ENDS[rate.name]
    return share(rate.arguments["decay_steps"], epochs) if rate.arguments.get(key, default) == 0 else None
