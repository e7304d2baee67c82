"""Turns pydantic's errors into lines for the user: file, line, key, value, and what is allowed or the nearest name."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from darkroom.config.base import as_yaml
from darkroom.core.errors import nearest
from darkroom.core.yaml_source import KeyPath, Source, dotted

UNIONS = (Union, UnionType)
TEXTS = {
    "model_type": "keys with values are needed",
    "dict_type": "keys with values are needed",
    "tuple_type": "a list is needed; [] for none",
    "too_short": "at least one is needed",
}
MISSING = "the key is missing; it is required"


def lines(error: ValidationError, source: Source, schema: type[BaseModel]) -> list[str]:
    """One line per mistake, in the order of the file."""
    details = error.errors(include_url=False)
    misspelt = {_intended(detail, schema) for detail in details if detail["type"] == "extra_forbidden"}
    reported = [detail for detail in details if detail["type"] != "missing" or detail["loc"] not in misspelt]
    numbered = [_line(detail, source, schema) for detail in reported]
    return [text for _, text in sorted(numbered, key=lambda entry: entry[0])]


def unknown_key(name: object, allowed: Iterable[str]) -> str:
    """The message for a key that the schema does not have."""
    return "no such key" + nearest(name, allowed)


def _intended(detail: ErrorDetails, schema: type[BaseModel]) -> KeyPath:
    """The location of the key that an unknown key was probably meant to be: it is not reported as missing too."""
    *section, name = detail["loc"]
    return (*section, *get_close_matches(str(name), _fields(schema, tuple(section)), n=1))


def _line(detail: ErrorDetails, source: Source, schema: type[BaseModel]) -> tuple[int, str]:
    """The line number of a mistake, and its message."""
    context = detail.get("ctx", {})
    keys = _in_file((*detail["loc"], *context.get("at", ())), source)
    if detail["type"] == "missing":
        text, number = MISSING, source.line(keys[:-1])
    elif detail["type"] == "extra_forbidden":
        text, number = unknown_key(keys[-1], _fields(schema, keys[:-1])), source.line(keys)
    else:
        text, number = _text(detail, context), source.line(keys)
    return number, f"{source.name}:{number}: {dotted(keys)}: {text}"


def _text(detail: ErrorDetails, context: Mapping[str, Any]) -> str:
    """The text of the message, which begins with the offending value where that helps."""
    if detail["type"] == "name":
        return detail["msg"] + nearest(context["value"], context["allowed"])
    if detail["type"] == "refused":
        return detail["msg"]
    if "at" in context:
        return f"{_short(context['value'])}: {detail['msg']}"
    message = TEXTS.get(detail["type"], detail["msg"][:1].lower() + detail["msg"][1:].replace("tuple", "list"))
    if detail["type"] == "string_pattern_mismatch":
        message = f"must match {context['pattern']}"
    return f"{_short(detail['input'])}: {message}"


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else as_yaml(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _in_file(keys: KeyPath, source: Source) -> KeyPath:
    """The location without pydantic's additions: the `[key]` of an invalid key, the tags of unions."""
    kept: KeyPath = ()
    for step in keys[:-1]:
        if (*kept, step) in source.lines:
            kept = (*kept, step)
    return kept if keys[-1:] == ("[key]",) else (*kept, *keys[-1:])


def _fields(schema: type[BaseModel], keys: KeyPath) -> list[str]:
    """The keys that the section at `keys` may have."""
    types: list[Any] = [schema]
    for step in keys:
        types = [inner for outer in types for member in _members(outer) for inner in _inside(member, step)]
    return [field for outer in types for member in _members(outer) if _is_section(member) for field in member.model_fields]


def _members(annotation: Any) -> list[Any]:
    """The types that a union or an annotated type stands for."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in UNIONS:
        return [inner for member in get_args(annotation) for inner in _members(member)]
    return [annotation]


def _inside(outer: Any, step: str | int) -> list[Any]:
    """The types of the value at key or position `step` of a section, dict or tuple."""
    if _is_section(outer) and step == outer.__name__:  # the tag of a member of a union
        return [outer]
    if _is_section(outer):
        return [outer.model_fields[step].annotation] if step in outer.model_fields else []
    return [get_args(outer)[1 if get_origin(outer) is dict else 0]] if get_origin(outer) in (dict, tuple) else []


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
