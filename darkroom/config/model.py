"""The schema of one model: its network, its augmentation, how it predicts, how it is trained."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from darkroom.config import learning_rates, vocabulary
from darkroom.config.architectures import Application, Compact, Residual
from darkroom.config.arguments import STEPS, mistake
from darkroom.config.base import Positive, Section, as_tuple
from darkroom.config.calls import Augmentation, Callback, Layer, Loss, Optimizer
from darkroom.config.named_call import NamedCall

Layers = Annotated[tuple[Layer, ...], BeforeValidator(as_tuple), Field(min_length=1)]
Augmentations = Annotated[tuple[Augmentation, ...], BeforeValidator(as_tuple)]
Callbacks = Annotated[tuple[Callback, ...], BeforeValidator(as_tuple)]


def _warmup(value: object) -> object:
    if value is None or (isinstance(value, str) and STEPS.fullmatch(value)):
        return value
    raise mistake("type", "`2 epochs`, `5 %` or null is needed", (), value=value)


def _class_weight(value: object) -> object:
    if value in (None, "balanced"):
        return value
    raise mistake("type", "balanced or null is needed", (), value=value)


class Fit(Section):
    """How one model is trained: the arguments of Keras's `compile` and `fit`, and a warm-up."""

    epochs: Positive
    batch_size: Positive
    optimizer: Optimizer
    warmup: Annotated[str | None, BeforeValidator(_warmup)]
    loss: Loss
    class_weight: Annotated[Literal["balanced"] | None, BeforeValidator(_class_weight)]
    callbacks: Callbacks

    @model_validator(mode="after")
    def _one_control_of_the_learning_rate(self) -> Self:
        rate = self.optimizer.arguments.get("learning_rate")
        if (self.warmup or isinstance(rate, NamedCall)) and any(call.name == "ReduceLROnPlateau" for call in self.callbacks):
            text = "ReduceLROnPlateau needs a learning_rate that is a number, such as 0.003, and warmup: null"
            raise mistake("refused", text, ("callbacks",))
        if self.warmup and isinstance(rate, NamedCall) and rate.arguments.get("warmup_target") is not None:
            raise mistake("refused", "the schedule warms up by itself (warmup_target): remove one of the two", ("warmup",))
        learning_rates.check(self.epochs, self.warmup, self.optimizer)
        return self


class Model(Section):
    """The network between input and softmax, as a list of layers or one of a family, and how it is trained and used."""

    layers: Layers | None = None
    compact: Compact | None = None
    residual: Residual | None = None
    application: Application | None = None
    augment: Augmentations
    flip_averaging: bool
    fit: Fit

    @model_validator(mode="after")
    def _one_network(self) -> Self:
        networks = [name for name in NETWORKS if getattr(self, name) is not None]
        if len(networks) != 1:
            problem = f"not {' and '.join(networks)}" if networks else "there is none"
            raise mistake("refused", f"one of {', '.join(NETWORKS)} must describe the network; {problem}", ())
        return self

    @model_validator(mode="after")
    def _images_before_batches(self) -> Self:
        names = [call.name for call in self.augment]
        for position, (before, name) in enumerate(pairwise(names), start=1):
            at = ("augment", position, name)
            if name == vocabulary.ALTERNATING_FLIP:
                raise mistake("refused", "it must come first, and only once", at)
            if before in vocabulary.BATCH_TRANSFORMS and name not in vocabulary.BATCH_TRANSFORMS:
                text = "it works on single images and must come before those that work on a batch"
                raise mistake("refused", text, at)
            if name == "HorizontalFlip" and names[0] == vocabulary.ALTERNATING_FLIP:
                raise mistake("refused", f"{names[0]} already mirrors images: remove one of the two", at)
        return self


NETWORKS = tuple(name for name, field in Model.model_fields.items() if not field.is_required())  # one of them describes it
