"""A class of Keras or Albumentations, named in params.yaml with its arguments: `Flatten`, or `Dense: {units: 16}`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf

from darkroom.config import exportable, vocabulary
from darkroom.config.arguments import check, mistake
from darkroom.config.signatures import Signature
from darkroom.core.transforms import Step
from darkroom.core.yaml_source import NOWHERE, Place

MONITORED = ("val_loss", "val_accuracy", "loss", "accuracy")


@dataclass(frozen=True)
class NamedCall:
    """The name of a class, its keyword arguments, frozen (tuples for lists, read-only mappings for dicts), and its place."""

    name: str
    arguments: Mapping[str, Any]
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def plain(self) -> dict[str, Any]:
        """The call as params.yaml writes it, in JSON types."""
        return {self.name: self.keywords()}

    def keywords(self) -> dict[str, Any]:
        """The arguments in JSON types."""
        return {key: _plain(value) for key, value in self.arguments.items()}

    def step(self) -> Step:
        """The call as a step of a chain of Albumentations."""
        return Step(self.name, self.keywords(), str(self.place))


def layer(value: Any) -> NamedCall:
    """A layer of keras.layers that can be exported, as `exportable` says."""
    call = _call("layer", value, _usable(value))
    if fault := exportable.fault(call.name, call.arguments):
        key, why = fault
        raise mistake("type", why, (call.name, key), value=call.arguments[key])
    for key in exportable.REQUIRED.get(call.name, ()):
        if key not in call.arguments:
            raise mistake("refused", f"{call.name} needs the argument {key}", (call.name,))
    return call


def transform(value: Any) -> NamedCall:
    """An image transform of Albumentations."""
    return _call("transform", value, vocabulary.transforms())


def augmentation(value: Any) -> NamedCall:
    """A transform of Albumentations, an augmentation of Keras that works on a batch, or AlternatingFlip."""
    signatures = vocabulary.augmentations()
    name = next(iter(value), None) if isinstance(value, Mapping) else value
    if isinstance(name, str) and name in vocabulary.ALBUMENTATIONS_NAMES and name not in signatures:
        counterpart = vocabulary.ALBUMENTATIONS_NAMES[name]
        raise mistake("refused", f"no transform of that name; Albumentations has {counterpart}", (name,))
    return _call("transform", value, signatures)


def loss(value: Any) -> NamedCall:
    """A Keras loss between the true class and the probabilities."""
    call = _call("loss", value, vocabulary.losses())
    smoothing = call.arguments.get("label_smoothing", 0)
    if not isinstance(smoothing, int | float) or not 0 <= smoothing < 1:
        raise mistake("type", "a number from 0, and below 1, is needed", (call.name, "label_smoothing"), value=smoothing)
    return call


def callback(value: Any) -> NamedCall:
    """A Keras callback that controls training by one of the `MONITORED` metrics."""
    call = _call("callback", value, vocabulary.callbacks())
    monitor = call.arguments.get("monitor", MONITORED[0])
    if monitor not in MONITORED:
        raise mistake("name", "no metric of that name", (call.name, "monitor"), allowed=list(MONITORED), value=monitor)
    return call


def optimizer(value: Any) -> NamedCall:
    """A Keras optimizer, whose `learning_rate` may name a schedule."""
    call = _call("optimizer", value, vocabulary.optimizers())
    if call.name == "ScheduleFreeAdamW":
        why = "Keras does not put its averaged weights into the model; for an average use AdamW with use_ema: true"
        raise mistake("refused", why, (call.name,))
    rate = call.arguments.get("learning_rate")
    if isinstance(rate, Mapping):
        schedule = _call("schedule", rate, vocabulary.schedules(), (call.name, "learning_rate"))
        return NamedCall(call.name, MappingProxyType({**call.arguments, "learning_rate": schedule}))
    return call


Layer = Annotated[InstanceOf[NamedCall], BeforeValidator(layer)]
Transform = Annotated[InstanceOf[NamedCall], BeforeValidator(transform)]
Augmentation = Annotated[InstanceOf[NamedCall], BeforeValidator(augmentation)]
Loss = Annotated[InstanceOf[NamedCall], BeforeValidator(loss)]
Callback = Annotated[InstanceOf[NamedCall], BeforeValidator(callback)]
Optimizer = Annotated[InstanceOf[NamedCall], BeforeValidator(optimizer)]


def _call(kind: str, value: Any, signatures: dict[str, Signature], at: tuple[str, ...] = ()) -> NamedCall:
    if isinstance(value, NamedCall):
        return value
    name, arguments = _split(kind, value, at)
    at = (*at, name)
    if name not in signatures:
        raise mistake("name", f"no {kind} of that name", at, allowed=sorted(signatures), value=name)
    if not isinstance(arguments, Mapping):
        raise mistake("type", f"the arguments must be a mapping, as in {name}: {{argument: value}}", at, value=arguments)
    parameters = signatures[name].arguments
    for key, entry in arguments.items():
        if key not in parameters:
            raise mistake("name", f"{name} has no argument of that name", (*at, key), allowed=list(parameters), value=key)
        check(parameters[key], (*at, key), entry, in_steps=kind == "schedule")
    for key, parameter in parameters.items():
        if parameter.default is None and key not in arguments:
            raise mistake("refused", f"{name} needs the argument {key}", at)
    return NamedCall(name, MappingProxyType({key: _frozen(entry) for key, entry in arguments.items()}))


def _usable(value: Any) -> dict[str, Signature]:
    """The layers that can be used. Refuses `value`, with the reason, where Keras has the layer but it cannot be exported."""
    signatures = vocabulary.layers()
    name = next(iter(value), None) if isinstance(value, Mapping) and len(value) == 1 else value
    if isinstance(name, str) and name in signatures and (why := exportable.reason(name)):
        raise mistake("refused", why, (name,))
    return {name: signature for name, signature in signatures.items() if not exportable.reason(name)}


def _split(kind: str, value: Any, at: tuple[str, ...]) -> tuple[str, Any]:
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, arguments),) = value.items()
        return str(name), {} if arguments is None else arguments
    article = "an" if kind[0] in "aeiou" else "a"
    text = f"{article} {kind} is one name, or one name with its arguments: Name: {{argument: value}}"
    raise mistake("type", text, at, value=value)


def _frozen(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return MappingProxyType({key: _frozen(item) for key, item in value.items()}) if isinstance(value, dict) else value


def _plain(value: Any) -> Any:
    if isinstance(value, NamedCall):
        return value.plain()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value
