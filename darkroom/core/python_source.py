"""Python source by its meaning: the digest of its syntax tree, without comments, docstrings and layout, and what it imports.

The digest is the same under every version of Python that the project supports.
"""

import ast
from collections.abc import Iterator
from functools import cache
from typing import Any

from darkroom.core import digests

MAY_HAVE_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
IGNORED_FIELDS = ("kind", "type_comment")  # they do not affect what the code does


@cache
def digest(source: str) -> str:
    """The SHA-256 of Python source, without its comments, docstrings and layout."""
    return digests.sha256("\n".join(_tokens(_parsed(source))).encode())


@cache
def imports(source: str) -> tuple[str, ...]:
    """The names of the modules that it imports, and of what it imports from them, which may be modules too."""
    names: list[str] = []
    for node in ast.walk(_parsed(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(names)


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _tokens(node: object) -> Iterator[str]:
    """A syntax tree as string tokens. Empty fields are skipped: Python 3.12 and 3.13 have some that 3.11 lacks."""
    if isinstance(node, ast.Constant):
        yield f"{type(node.value).__name__} {node.value!a}"
    elif isinstance(node, ast.AST):
        yield type(node).__name__
        for name, value in sorted(ast.iter_fields(node)):
            value = _children(node, name, value)
            if name not in IGNORED_FIELDS and value is not None and value != []:
                yield f".{name}"
                yield from _tokens(value)
        yield "end"
    elif isinstance(node, list):
        for item in node:
            yield from _tokens(item)
            yield ","
    else:
        yield ascii(node)


def _children(node: ast.AST, name: str, value: Any) -> Any:
    """The value of a field: a body without its docstring, the parts of an f-string with adjacent literals joined."""
    if name == "body" and isinstance(node, MAY_HAVE_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
        return value[1:]
    return _joined(value) if isinstance(node, ast.JoinedStr) else value


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    joined: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.Constant) and joined and isinstance(joined[-1], ast.Constant):
            joined[-1] = ast.Constant(joined[-1].value + part.value)  # type: ignore[operator]
        elif not (isinstance(part, ast.Constant) and part.value == ""):
            joined.append(part)
    return joined
