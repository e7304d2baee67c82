"""What params.yaml may say of one model: its network, its augmentation, how it answers, how it is trained."""

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from darkroom.config import learning_rates, vocabulary
from darkroom.config.architectures import Application, Compact, Residual
from darkroom.config.arguments import STEPS, wrong
from darkroom.config.base import Positive, Section, as_tuple
from darkroom.config.named_call import Augmentation, Call, Callback, Layer, Loss, Optimizer

NETWORKS = ("layers", "compact", "residual", "application")
Layers = Annotated[tuple[Layer, ...], BeforeValidator(as_tuple), Field(min_length=1)]
Augmentations = Annotated[tuple[Augmentation, ...], BeforeValidator(as_tuple)]
Callbacks = Annotated[tuple[Callback, ...], BeforeValidator(as_tuple)]


def _warmup(value: Any) -> Any:
    if value is None or (isinstance(value, str) and STEPS.fullmatch(value)):
        return value
    raise wrong("type", "`2 epochs`, `5 %` or null is needed", (), got=value)


def _class_weight(value: Any) -> Any:
    if value in (None, "balanced"):
        return value
    raise wrong("type", "balanced or null is needed", (), got=value)


class Fit(Section):
    """How one model is trained."""

    epochs: Positive
    batch_size: Positive
    optimizer: Optimizer
    warmup: Annotated[str | None, BeforeValidator(_warmup)]
    loss: Loss
    class_weight: Annotated[Literal["balanced"] | None, BeforeValidator(_class_weight)]
    callbacks: Callbacks

    @model_validator(mode="after")
    def _one_hand_on_the_rate(self) -> Self:
        rate = self.optimizer.arguments.get("learning_rate")
        if (self.warmup or isinstance(rate, Call)) and any(call.name == "ReduceLROnPlateau" for call in self.callbacks):
            text = "ReduceLROnPlateau needs a learning_rate that is a number, as 0.003, and warmup: null"
            raise wrong("refused", text, ("callbacks",))
        if self.warmup and isinstance(rate, Call) and rate.arguments.get("warmup_target") is not None:
            raise wrong("refused", "there is another warm-up, the schedule's own warmup_target: leave one out", ("warmup",))
        learning_rates.check(self.epochs, self.warmup, self.optimizer)
        return self


class Model(Section):
    """One network between the input and the softmax, by its layers or by its family, and what is done with it."""

    layers: Layers | None = None
    compact: Compact | None = None
    residual: Residual | None = None
    application: Application | None = None
    augment: Augmentations
    flip_averaging: bool
    fit: Fit

    @model_validator(mode="after")
    def _one_network(self) -> Self:
        named = [name for name in NETWORKS if getattr(self, name) is not None]
        if len(named) != 1:
            found = f"not {' and '.join(named)}" if named else "there is none"
            raise wrong("refused", f"one of {', '.join(NETWORKS)} says what the network is; {found}", ())
        return self

    @model_validator(mode="after")
    def _images_before_batches(self) -> Self:
        names = [call.name for call in self.augment]
        for position, (before, name) in enumerate(pairwise(names), start=1):
            at = ("augment", position, name)
            if name == vocabulary.ALTERNATING:
                raise wrong("refused", "it must stand first, once", at)  # type: ignore[arg-type]
            if before in vocabulary.BATCH_TRANSFORMS and name not in vocabulary.BATCH_TRANSFORMS:
                text = "it works on one image and must stand before those that work on a batch"
                raise wrong("refused", text, at)  # type: ignore[arg-type]
            if name == "HorizontalFlip" and names[0] == vocabulary.ALTERNATING:
                raise wrong("refused", f"{names[0]} mirrors already: leave one of the two out", at)  # type: ignore[arg-type]
        return self
