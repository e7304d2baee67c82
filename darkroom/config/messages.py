"""From pydantic's errors to lines a person can act on: file, line, key, value, what is allowed, the nearest name."""

from collections.abc import Iterable
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from darkroom.config.base import named
from darkroom.core.yaml_source import Source, Where, dotted

UNIONS = (Union, UnionType)
WORDS = {
    "model_type": "keys with values are needed",
    "dict_type": "keys with values are needed",
    "tuple_type": "a list is needed; [] for none",
    "too_short": "at least one is needed",
}
MISSING = "the key is missing; it is required"


def lines(error: ValidationError, source: Source, schema: type[BaseModel]) -> list[str]:
    """One line a mistake, in the order of the file."""
    details = error.errors(include_url=False)
    misspelt = {_intended(detail, schema) for detail in details if detail["type"] == "extra_forbidden"}
    found = [
        _line(detail, source, schema) for detail in details if detail["type"] != "missing" or detail["loc"] not in misspelt
    ]
    return [text for _, text in sorted(found, key=lambda entry: entry[0])]


def nearest(name: Any, allowed: Iterable[str]) -> str:
    """`; did you mean X?` where a name of `allowed` is close, else the names themselves when they are few."""
    names = list(allowed)
    close = get_close_matches(str(name), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; allowed: {', '.join(names)}" if 0 < len(names) <= 24 else ""


def _intended(detail: ErrorDetails, schema: type[BaseModel]) -> Where:
    """Where the key that was probably meant by an unknown one should be: it need not be called missing as well."""
    *section, name = detail["loc"]
    return (*section, *get_close_matches(str(name), _fields(schema, tuple(section)), n=1))


def _line(detail: ErrorDetails, source: Source, schema: type[BaseModel]) -> tuple[int, str]:
    context = detail.get("ctx", {})
    where = _real((*detail["loc"], *context.get("at", ())), source)
    if detail["type"] == "missing":
        text, where_is = MISSING, where[:-1]
    elif detail["type"] == "extra_forbidden":
        text, where_is = "no such key" + nearest(where[-1], _fields(schema, where[:-1])), where
    else:
        text, where_is = _told(detail, context), where
    line = source.line(where_is)
    return line, f"{source.name}:{line}: {dotted(where)}: {text}"


def _told(detail: ErrorDetails, context: dict[str, Any]) -> str:
    """The mistake in words, behind the value as the file has it."""
    if detail["type"] == "name":
        return detail["msg"] + nearest(context["got"], context["allowed"])
    if detail["type"] == "refused":
        return detail["msg"]
    if "at" in context:
        return f"{_short(context['got'])}: {detail['msg']}"
    message = WORDS.get(detail["type"], detail["msg"][:1].lower() + detail["msg"][1:].replace("tuple", "list"))
    if detail["type"] == "string_pattern_mismatch":
        message = f"must match {context['pattern']}"
    return f"{_short(detail['input'])}: {message}"


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else named(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _real(where: Where, source: Source) -> Where:
    """Drops what pydantic adds to a location on the way: the `[key]` of a bad key, the class names of a union."""
    kept: Where = ()
    for step in where[:-1]:
        if (*kept, step) in source.lines:
            kept = (*kept, step)
    return kept if where[-1:] == ("[key]",) else (*kept, *where[-1:])


def _fields(schema: type[BaseModel], where: Where) -> list[str]:
    """The keys that the section at `where` may have."""
    kinds: list[Any] = [schema]
    for step in where:
        kinds = [inner for kind in kinds for member in _members(kind) for inner in _inside(member, step)]
    return [field for kind in kinds for member in _members(kind) if _is_section(member) for field in member.model_fields]


def _members(kind: Any) -> list[Any]:
    """The types that a union, or an annotated type, stands for."""
    if get_origin(kind) is Annotated:
        return _members(get_args(kind)[0])
    return [inner for member in get_args(kind) for inner in _members(member)] if get_origin(kind) in UNIONS else [kind]


def _inside(kind: Any, step: str | int) -> list[Any]:
    if _is_section(kind) and step == kind.__name__:  # pydantic's location of a member of a union
        return [kind]
    if _is_section(kind):
        return [kind.model_fields[step].annotation] if step in kind.model_fields else []
    return [get_args(kind)[1 if get_origin(kind) is dict else 0]] if get_origin(kind) in (dict, tuple) else []


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
