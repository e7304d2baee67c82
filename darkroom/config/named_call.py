"""A class of a library, named in params.yaml with its own arguments: `Flatten`, or `Dense: {units: 16}`."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf

from darkroom.config import exportable, vocabulary
from darkroom.config.arguments import check, wrong
from darkroom.config.signatures import Signature

MONITORED = ("val_loss", "val_accuracy", "loss", "accuracy")


@dataclass(frozen=True)
class Call:
    """The name of a class and the keyword arguments it is given; lists have become tuples."""

    name: str
    arguments: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        """The same as params.yaml would say it, in types that JSON knows."""
        return {self.name: {key: _plain(value) for key, value in self.arguments.items()}}


def layer(value: Any) -> Call:
    """A layer of keras.layers that has an ONNX form, as `exportable` knows them."""
    call = _call("layer", value, _usable(value))
    if found := exportable.fault(call.name, call.arguments):
        key, why = found
        raise wrong("type", why, (call.name, key), got=call.arguments[key])
    for key in exportable.NEEDED.get(call.name, ()):
        if key not in call.arguments:
            raise wrong("name", f"{call.name} needs the argument {key}", (call.name,))
    return call


def transform(value: Any) -> Call:
    """An image transform of Albumentations."""
    return _call("transform", value, vocabulary.transforms())


def augmentation(value: Any) -> Call:
    """A transform of Albumentations, one of the augmentations of Keras that work on a batch, or AlternatingFlip."""
    known = vocabulary.augmentations()
    name = next(iter(value), None) if isinstance(value, Mapping) else value
    if isinstance(name, str) and name in vocabulary.ELSEWHERE and name not in known:
        raise wrong("refused", f"no transform of that name; Albumentations has {vocabulary.ELSEWHERE[name]}", (name,))
    return _call("transform", value, known)


def loss(value: Any) -> Call:
    """A Keras loss between the true class and the probabilities."""
    call = _call("loss", value, vocabulary.losses())
    smoothing = call.arguments.get("label_smoothing", 0)
    if not isinstance(smoothing, int | float) or not 0 <= smoothing < 1:
        raise wrong("type", "a number from 0, and below 1, is needed", (call.name, "label_smoothing"), got=smoothing)
    return call


def callback(value: Any) -> Call:
    """A Keras callback that steers training, by one of the figures that training has."""
    call = _call("callback", value, vocabulary.callbacks())
    monitor = call.arguments.get("monitor", MONITORED[0])
    if monitor not in MONITORED:
        raise wrong("name", "no figure of that name", (call.name, "monitor"), allowed=list(MONITORED), got=monitor)
    return call


def optimizer(value: Any) -> Call:
    """A Keras optimizer, whose `learning_rate` may name a schedule."""
    call = _call("optimizer", value, vocabulary.optimizers())
    if call.name == "ScheduleFreeAdamW":
        why = "Keras leaves the point of its gradients in the model, not the average that is to be used; AdamW has use_ema"
        raise wrong("refused", why, (call.name,))
    rate = call.arguments.get("learning_rate")
    if isinstance(rate, Mapping):
        schedule = _call("schedule", rate, vocabulary.schedules(), (call.name, "learning_rate"))
        return Call(call.name, MappingProxyType({**call.arguments, "learning_rate": schedule}))
    return call


Layer = Annotated[InstanceOf[Call], BeforeValidator(layer)]
Transform = Annotated[InstanceOf[Call], BeforeValidator(transform)]
Augmentation = Annotated[InstanceOf[Call], BeforeValidator(augmentation)]
Loss = Annotated[InstanceOf[Call], BeforeValidator(loss)]
Callback = Annotated[InstanceOf[Call], BeforeValidator(callback)]
Optimizer = Annotated[InstanceOf[Call], BeforeValidator(optimizer)]


def _call(kind: str, value: Any, known: dict[str, Signature], at: tuple[str, ...] = ()) -> Call:
    if isinstance(value, Call):
        return value
    name, given = _named(kind, value, at)
    at = (*at, name)
    if name not in known:
        raise wrong("name", f"no {kind} of that name", at, allowed=sorted(known), got=name)
    if not isinstance(given, Mapping):
        raise wrong("call", f"the arguments must be a mapping, as in {name}: {{argument: value}}", at, got=given)
    arguments = known[name].arguments
    for key, entry in given.items():
        if key not in arguments:
            raise wrong("name", f"{name} has no argument of that name", (*at, key), allowed=list(arguments), got=key)
        check(arguments[key], (*at, key), entry, in_steps=kind == "schedule")
    for key, argument in arguments.items():
        if argument.default is None and key not in given:
            raise wrong("name", f"{name} needs the argument {key}", at)
    return Call(name, MappingProxyType({key: _frozen(entry) for key, entry in given.items()}))


def _usable(value: Any) -> dict[str, Signature]:
    """The layers that can be named. Refuses, with the reason, one that Keras has but that cannot be used."""
    known = vocabulary.layers()
    name = next(iter(value), None) if isinstance(value, Mapping) and len(value) == 1 else value
    if isinstance(name, str) and name in known and (why := exportable.reason(name)):
        raise wrong("refused", why, (name,))
    return {name: signature for name, signature in known.items() if not exportable.reason(name)}


def _named(kind: str, value: Any, at: tuple[str, ...]) -> tuple[str, Any]:
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, given),) = value.items()
        return str(name), {} if given is None else given
    article = "an" if kind[0] in "aeiou" else "a"
    raise wrong(
        "call", f"{article} {kind} is one name, or one name with its arguments: Name: {{argument: value}}", at, got=value
    )


def _frozen(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return MappingProxyType({key: _frozen(item) for key, item in value.items()}) if isinstance(value, dict) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Call):
        return value.plain()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value
