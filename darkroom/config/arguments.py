"""Is a value one that an argument of a library takes? As far as the library's own source tells."""

import ast
import re
from collections.abc import Callable
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from darkroom.config.signatures import Argument

STEPS = re.compile(r"(\d+(?:\.\d+)?) (epochs?|%)")  # `2 epochs`, or `5 %` of the training


def check(argument: Argument, at: tuple[str, ...], value: Any, in_steps: bool = False) -> None:
    """Refuses a value whose type the library's own source rules out; what the source leaves open passes.

    `in_steps`: the argument is counted in steps where its name says so, and `2 epochs` or `5 %` may stand for them.
    """
    flag = argument.default in ("True", "False")
    if in_steps and (at[-1].endswith("_steps") or at[-1] == "boundaries"):
        _check_steps(argument, at, value)
    elif at[-1] == "learning_rate":
        _check_rate(at, value)
    elif argument.annotation:
        _check_annotation(argument.annotation, at, value)
    elif flag and not isinstance(value, bool):
        raise wrong("type", "the argument takes true or false", at, got=value)
    elif isinstance(value, str) and not _takes_text(argument):
        listed = _LIST.match(argument.doc)
        raise wrong("type", "a list is needed" if listed else "text where a number is needed", at, got=value)
    elif isinstance(value, bool) and not flag and argument.default != "None":
        raise wrong("type", "true or false where another value is needed", at, got=value)


def _check_steps(argument: Argument, at: tuple[str, ...], value: Any) -> None:
    if at[-1] == "boundaries" and not isinstance(value, list | tuple):
        raise wrong("type", "a list is needed, as in [50 %, 75 %]", at, got=value)
    for item in value if isinstance(value, list | tuple) and at[-1] == "boundaries" else [value]:
        found = STEPS.fullmatch(item) if isinstance(item, str) else None
        number = float(found[1]) if found else item
        whole = isinstance(number, int | float) and not isinstance(number, bool) and (found or number == int(number))
        if not whole or number < 0 or (number == 0 and argument.default is None):
            raise wrong("type", "a number of steps, `2 epochs` or `80 %` is needed", at, got=item)


def _check_rate(at: tuple[str, ...], value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, dict) and not (number and value > 0):
        text = "a number above 0 is needed, or a schedule with its arguments, as in CosineDecay: {...}"
        raise wrong("type", text, at, got=value)


def _check_annotation(annotation: str, at: tuple[str, ...], value: Any) -> None:
    try:
        kind = eval(annotation, {"__builtins__": {}}, _ANNOTATIONS)  # noqa: S307 - the installed library's own source
    except (NameError, TypeError, AttributeError):
        return  # it names something of cv2 or NumPy: left to the library
    if not any(_fits(kind, form) for form in (value, _as_tuples(value))):
        raise wrong("type", f"the argument takes {annotation}", at, got=value)


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


_LIST = re.compile(r"\s*(Optional )?list of", re.IGNORECASE)
_ANNOTATIONS: dict[str, Any] = {
    **{kind.__name__: kind for kind in (bool, dict, float, int, list, str, tuple)},
    "Literal": Literal,
    "Callable": Callable,
}


def _takes_text(argument: Argument) -> bool:
    if _LIST.match(argument.doc):
        return False
    if argument.default is not None and argument.default != "None":
        return isinstance(ast.literal_eval(argument.default), str)
    return bool(re.search(r"string|\bstr\b|\bname|function|initializer|regularizer|constraint", argument.doc, re.I))


def wrong(kind: str, text: str, at: tuple[str, ...], allowed: list[str] | None = None, got: Any = None) -> Exception:
    """What pydantic is to raise: `at` says where, behind the place that it knows itself."""
    context = {"at": at, "allowed": allowed or [], "got": got}
    return PydanticCustomError(kind, text, context)
