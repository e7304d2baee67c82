"""The named calls that params.yaml may contain: a class of a library, with arguments that it accepts and we support."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import BeforeValidator, InstanceOf

from darkroom.config import exportable, vocabulary
from darkroom.config.arguments import check, mistake
from darkroom.config.named_call import NamedCall, frozen
from darkroom.config.signatures import Signature

MONITORED = ("val_loss", "val_accuracy", "loss", "accuracy")


def layer(value: object) -> NamedCall:
    """A layer of keras.layers that can be exported to ONNX."""
    call = _call("layer", value, _usable(value))
    if fault := exportable.fault(call.name, call.arguments):
        key, why = fault
        raise mistake("type", why, (call.name, key), value=call.arguments[key])
    for key in exportable.REQUIRED.get(call.name, ()):
        if key not in call.arguments:
            raise mistake("refused", f"{call.name} needs the argument {key}", (call.name,))
    return call


def transform(value: object) -> NamedCall:
    """An image transform of Albumentations."""
    return _call("transform", value, vocabulary.transforms())


def augmentation(value: object) -> NamedCall:
    """A transform of Albumentations, an augmentation of Keras that works on a batch, or AlternatingFlip."""
    signatures = vocabulary.augmentations()
    name = next(iter(value), None) if isinstance(value, Mapping) else value
    if isinstance(name, str) and name in vocabulary.ALBUMENTATIONS_NAMES and name not in signatures:
        counterpart = vocabulary.ALBUMENTATIONS_NAMES[name]
        raise mistake("refused", f"no transform of that name; Albumentations has {counterpart}", (name,))
    return _call("transform", value, signatures)


def loss(value: object) -> NamedCall:
    """A Keras loss that compares the true class with the probabilities."""
    call = _call("loss", value, vocabulary.losses())
    smoothing = call.arguments.get("label_smoothing", 0)
    if not isinstance(smoothing, int | float) or not 0 <= smoothing < 1:
        raise mistake("type", "a number of at least 0 and below 1 is needed", (call.name, "label_smoothing"), value=smoothing)
    return call


def callback(value: object) -> NamedCall:
    """A Keras callback that controls training; if it monitors a metric, one of `MONITORED`."""
    call = _call("callback", value, vocabulary.callbacks())
    monitor = call.arguments.get("monitor", MONITORED[0])
    if monitor not in MONITORED:
        raise mistake("name", "no metric of that name", (call.name, "monitor"), allowed=list(MONITORED), value=monitor)
    return call


def optimizer(value: object) -> NamedCall:
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


def _call(kind: str, value: object, signatures: dict[str, Signature], at: tuple[str, ...] = ()) -> NamedCall:
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
    return NamedCall(name, frozen(dict(arguments)))


def _usable(value: object) -> dict[str, Signature]:
    """The layers that can be exported. Refuses `value`, with the reason, if it is another layer of Keras."""
    signatures = vocabulary.layers()
    name = next(iter(value), None) if isinstance(value, Mapping) and len(value) == 1 else value
    if isinstance(name, str) and name in signatures and (why := exportable.reason(name)):
        raise mistake("refused", why, (name,))
    return {name: signature for name, signature in signatures.items() if not exportable.reason(name)}


def _split(kind: str, value: object, at: tuple[str, ...]) -> tuple[str, object]:
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, arguments),) = value.items()
        return str(name), {} if arguments is None else arguments
    article = "an" if kind[0] in "aeiou" else "a"
    text = f"{article} {kind} is one name, or one name with its arguments: Name: {{argument: value}}"
    raise mistake("type", text, at, value=value)
