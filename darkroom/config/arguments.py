"""Checks values against the arguments of a library's classes, as far as its source declares their types."""

import ast
import math
import re
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from darkroom.config.signatures import Argument

TYPES = {builtin.__name__: builtin for builtin in (bool, dict, float, int, list, str, tuple)}
STEPS = re.compile(r"(\d+(?:\.\d+)?) (epochs?|%)")  # `2 epochs`, or `5 %` of the training
LIST = re.compile(r"\s*(Optional )?list of", re.IGNORECASE)  # how a docstring begins


def check(argument: Argument, at: tuple[str, ...], value: object, in_steps: bool = False) -> None:
    """Raises PydanticCustomError if the library's source rules out the type of `value`; if it declares none, any value passes.

    `at` ends with the name of the argument. With `in_steps`, arguments whose name says that they count steps also accept
    `2 epochs` and `5 %`.
    """
    boolean = argument.default in ("True", "False")
    if in_steps and (at[-1].endswith("_steps") or at[-1] == "boundaries"):
        _check_steps(argument, at, value)
    elif at[-1] == "learning_rate":
        _check_learning_rate(at, value)
    elif argument.annotation:
        _check_annotation(argument.annotation, at, value)
    elif boolean and not isinstance(value, bool):
        raise mistake("type", "the argument takes true or false", at, value=value)
    elif isinstance(value, str) and not _takes_text(argument):
        text = "a list is needed" if LIST.match(argument.doc) else "text where a number is needed"
        raise mistake("type", text, at, value=value)
    elif isinstance(value, bool) and not boolean and argument.default != "None":
        raise mistake("type", "true or false where another value is needed", at, value=value)


def _check_steps(argument: Argument, at: tuple[str, ...], value: Any) -> None:
    if at[-1] == "boundaries" and not isinstance(value, list | tuple):
        raise mistake("type", "a list is needed, as in [50 %, 75 %]", at, value=value)
    for item in value if isinstance(value, list | tuple) and at[-1] == "boundaries" else [value]:
        match = STEPS.fullmatch(item) if isinstance(item, str) else None
        number = float(match[1]) if match else item
        whole = isinstance(number, int) or (isinstance(number, float) and (match or number.is_integer()))
        if not whole or isinstance(number, bool) or number < 0 or (number == 0 and argument.default is None):
            raise mistake("type", "a number of steps, `2 epochs` or `80 %` is needed", at, value=item)


def _check_learning_rate(at: tuple[str, ...], value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(value, dict) and not (number and 0 < value < math.inf):
        text = "a number above 0 is needed, or a schedule with its arguments, as in CosineDecay: {...}"
        raise mistake("type", text, at, value=value)


def _check_annotation(annotation: str, at: tuple[str, ...], value: object) -> None:
    try:
        expected = _adapter(annotation)
    except LookupError:
        return  # it names a type of cv2, NumPy or typing, which the library itself will check
    if not any(_fits(expected, form) for form in (value, _as_tuples(value))):
        raise mistake("type", f"the argument takes {annotation}", at, value=value)


@cache
def _adapter(annotation: str) -> TypeAdapter[Any]:
    return TypeAdapter(_type(ast.parse(annotation, mode="eval").body))


def _type(node: ast.expr) -> Any:
    """The type that an annotation in a library's source means. Raises LookupError for all but built-in types and Literal."""
    match node:
        case ast.Name(name):
            return TYPES[name]
        case ast.Constant(value) if value in (None, ...):
            return value
        case ast.BinOp(left, ast.BitOr(), right):
            return _type(left) | _type(right)
        case ast.Subscript(ast.Name("Literal"), values):
            return Literal[_literal(values)]
        case ast.Subscript(container, ast.Tuple(items)):
            return _type(container)[tuple(map(_type, items))]
        case ast.Subscript(container, item):
            return _type(container)[_type(item)]
    raise LookupError(ast.unparse(node))


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise LookupError(ast.unparse(node)) from None  # a constant of cv2


def _fits(expected: TypeAdapter[Any], value: object) -> bool:
    try:
        expected.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _as_tuples(value: object) -> object:
    """The same value with tuples for lists: YAML has only lists, and some annotations require tuples."""
    if isinstance(value, dict):
        return {key: _as_tuples(item) for key, item in value.items()}
    return tuple(_as_tuples(item) for item in value) if isinstance(value, list) else value


def _takes_text(argument: Argument) -> bool:
    if LIST.match(argument.doc):
        return False
    if argument.default is not None and argument.default != "None":
        return isinstance(ast.literal_eval(argument.default), str)
    return bool(re.search(r"string|\bstr\b|\bname|function|initializer|regularizer|constraint", argument.doc, re.I))


def mistake(
    kind: str, text: str, at: tuple[str | int, ...], allowed: list[str] | None = None, value: object = None
) -> PydanticCustomError:
    """An error for pydantic to collect; `at` is the path from the field that is being validated to the mistake.

    `kind` selects the form of the message: `name` appends the nearest name in `allowed`, `type` puts `value` before the text,
    `refused` is the text alone.
    """
    context = {"at": at, "allowed": allowed or [], "value": value}
    return PydanticCustomError(kind, text, context)
