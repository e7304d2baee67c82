"""A class of a library, named in params.yaml with its own arguments: `Flatten`, or `Dense: {units: 16}`."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, InstanceOf, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from pipeline.params import exportable, vocabulary
from pipeline.params.vocabulary import Argument, Signature

MONITORED = ("val_loss", "val_accuracy", "loss", "accuracy")
STEPS = re.compile(r"(\d+(?:\.\d+)?) epochs?")


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
    for key, entry in call.arguments.items():
        allowed, why = exportable.values(call.name, key) or ((entry,), "")
        if entry not in allowed:
            raise _wrong("type", f"{why}; allowed: {', '.join(allowed)}", (call.name, key), got=entry)
    for key in exportable.NEEDED.get(call.name, ()):
        if key not in call.arguments:
            raise _wrong("name", f"{call.name} needs the argument {key}", (call.name,))
    return call


def transform(value: Any) -> Call:
    """An image transform of Albumentations."""
    return _call("transform", value, vocabulary.transforms())


def callback(value: Any) -> Call:
    """A Keras callback that steers training, by one of the figures that training has."""
    call = _call("callback", value, vocabulary.callbacks())
    monitor = call.arguments.get("monitor", MONITORED[0])
    if monitor not in MONITORED:
        raise _wrong("name", "no figure of that name", (call.name, "monitor"), allowed=list(MONITORED), got=monitor)
    return call


def optimizer(value: Any) -> Call:
    """A Keras optimizer, whose `learning_rate` may name a schedule."""
    call = _call("optimizer", value, vocabulary.optimizers())
    rate = call.arguments.get("learning_rate")
    if isinstance(rate, Mapping):
        schedule = _call("schedule", rate, vocabulary.schedules(), (call.name, "learning_rate"))
        return Call(call.name, MappingProxyType({**call.arguments, "learning_rate": schedule}))
    return call


Layer = Annotated[InstanceOf[Call], BeforeValidator(layer)]
Transform = Annotated[InstanceOf[Call], BeforeValidator(transform)]
Callback = Annotated[InstanceOf[Call], BeforeValidator(callback)]
Optimizer = Annotated[InstanceOf[Call], BeforeValidator(optimizer)]


def _call(kind: str, value: Any, known: dict[str, Signature], at: tuple[str, ...] = ()) -> Call:
    if isinstance(value, Call):
        return value
    name, given = _named(kind, value, at)
    at = (*at, name)
    if name not in known:
        raise _wrong("name", f"no {kind} of that name", at, allowed=sorted(known), got=name)
    if not isinstance(given, Mapping):
        raise _wrong("call", f"the arguments must be a mapping, as in {name}: {{argument: value}}", at, got=given)
    arguments = known[name].arguments
    for key, entry in given.items():
        if key not in arguments:
            raise _wrong("name", f"{name} has no argument of that name", (*at, key), allowed=list(arguments), got=key)
        _check(arguments[key], (*at, key), entry)
    for key, argument in arguments.items():
        if argument.default is None and key not in given:
            raise _wrong("name", f"{name} needs the argument {key}", at)
    return Call(name, MappingProxyType({key: _frozen(entry) for key, entry in given.items()}))


def _usable(value: Any) -> dict[str, Signature]:
    """The layers that can be named. Refuses, with the reason, one that Keras has but that cannot be used."""
    known = vocabulary.layers()
    name = next(iter(value), None) if isinstance(value, Mapping) and len(value) == 1 else value
    if isinstance(name, str) and name in known and (why := exportable.reason(name)):
        raise _wrong("refused", why, (name,))
    return {name: signature for name, signature in known.items() if not exportable.reason(name)}


def _named(kind: str, value: Any, at: tuple[str, ...]) -> tuple[str, Any]:
    if isinstance(value, str):
        return value, {}
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, given),) = value.items()
        return str(name), {} if given is None else given
    raise _wrong("call", f"a {kind} is one name, or one name with its arguments: Name: {{argument: value}}", at, got=value)


def _check(argument: Argument, at: tuple[str, ...], value: Any) -> None:
    """Refuses a value whose type the library's own source rules out; what the source leaves open passes."""
    flag = argument.default in ("True", "False")
    if argument.annotation:
        _check_annotation(argument.annotation, at, value)
    elif isinstance(value, str) and not _takes_text(argument) and not (at[-1].endswith("_steps") and STEPS.fullmatch(value)):
        raise _wrong("type", "text where a number is needed", at, got=value)
    elif flag and not isinstance(value, bool):
        raise _wrong("type", "the argument takes true or false", at, got=value)
    elif isinstance(value, bool) and not flag and argument.default != "None":
        raise _wrong("type", "true or false where another value is needed", at, got=value)


def _check_annotation(annotation: str, at: tuple[str, ...], value: Any) -> None:
    try:
        kind = eval(annotation, {"__builtins__": {}}, _ANNOTATIONS)  # noqa: S307 - the installed library's own source
    except (NameError, TypeError, AttributeError):
        return  # it names something of cv2 or NumPy: left to the library
    if not any(_fits(kind, form) for form in (value, _as_tuples(value))):
        raise _wrong("type", f"the argument takes {annotation}", at, got=value)


def _fits(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _as_tuples(value: Any) -> Any:
    """YAML has lists where Python's annotations say tuple."""
    if isinstance(value, dict):
        return {key: _as_tuples(item) for key, item in value.items()}
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list) else value


_ANNOTATIONS: dict[str, Any] = {
    **{kind.__name__: kind for kind in (bool, dict, float, int, list, str, tuple)},
    "Literal": Literal,
    "Callable": Callable,
}


def _takes_text(argument: Argument) -> bool:
    if argument.default is not None and argument.default != "None":
        return isinstance(ast.literal_eval(argument.default), str)
    return bool(re.search(r"string|\bstr\b|\bname|function|initializer|regularizer|constraint", argument.doc, re.I))


def _wrong(kind: str, text: str, at: tuple[str, ...], allowed: list[str] | None = None, got: Any = None) -> Exception:
    context = {"at": at, "allowed": allowed or [], "got": got}
    return PydanticCustomError(kind, text, context)


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
