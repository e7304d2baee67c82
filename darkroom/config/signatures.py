"""The constructor arguments of the classes of Keras and Albumentations, read from their installed source.

The source is parsed (`ast`), never imported, so that params.yaml is checked in a second, without TensorFlow.
"""

import ast
import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Argument:
    """One parameter of a constructor, as the source declares it; `doc` is its paragraph in the docstring."""

    annotation: str | None
    default: str | None  # as Python source; None: the argument is required
    doc: str


@dataclass(frozen=True)
class Signature:
    """A class of a library and the parameters of its constructor by name."""

    name: str
    arguments: dict[str, Argument]


def root(package: str) -> Path:
    """The folder of an installed package, found without importing it. Raises ModuleNotFoundError if it is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed; `make env` sets up the environment")
    return Path(spec.origin).parent


def of_keras(prefix: str, *paths: str, extra: tuple[str, ...] = ()) -> dict[str, Signature]:
    """The classes that Keras exports as PREFIX.NAME, from `paths` in its source; each also accepts the `extra` arguments."""
    classes = _classes(tuple(root("keras") / "src" / path for path in paths))
    signatures = {}
    for node in classes.values():
        for exported in _exports(node):
            name = exported.removeprefix(f"{prefix}.")
            if exported.startswith(f"{prefix}.") and "." not in name:
                arguments = _arguments(node, classes) | dict.fromkeys(extra, Argument(None, "None", "string"))
                signatures[name] = Signature(name, arguments)
    return signatures


def of_subclasses(base: str, paths: tuple[Path, ...]) -> dict[str, Signature]:
    """The classes that have an ancestor whose name ends in `base`."""
    classes = _classes(paths)
    return {
        name: Signature(name, _arguments(node, classes))
        for name, node in classes.items()
        if any(parent.endswith(base) for parent in _ancestry(node, classes))
    }


@cache
def _classes(paths: tuple[Path, ...]) -> dict[str, ast.ClassDef]:
    files = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    sources = [ast.parse(file.read_text(encoding="utf-8")) for file in files if not file.name.endswith("_test.py")]
    return {node.name: node for tree in sources for node in tree.body if isinstance(node, ast.ClassDef)}


def _exports(node: ast.ClassDef) -> list[str]:
    """The names under which Keras exports a class: the argument of its decorator `keras_export`."""
    calls = [call for call in node.decorator_list if isinstance(call, ast.Call) and ast.unparse(call.func) == "keras_export"]
    names = [ast.literal_eval(call.args[0]) for call in calls]
    return [name for entry in names for name in ([entry] if isinstance(entry, str) else entry)]


def _ancestry(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> list[str]:
    bases = [ast.unparse(base).split(".")[-1] for base in node.bases]
    return bases + [name for base in bases if base in classes for name in _ancestry(classes[base], classes)]


def _arguments(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> dict[str, Argument]:
    owners = [node, *(classes[name] for name in _ancestry(node, classes) if name in classes)]
    for owner in owners:
        for item in owner.body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                return _parameters(item.args, ast.get_docstring(node) or "")
    return {}


def _parameters(args: ast.arguments, doc: str) -> dict[str, Argument]:
    names = [*args.args[1:], *args.kwonlyargs]
    defaults = [None] * (len(args.args) - 1 - len(args.defaults)) + [*args.defaults, *args.kw_defaults]
    arguments = {}
    for name, default in zip(names, defaults, strict=True):
        annotation = ast.unparse(name.annotation) if name.annotation else None
        entry = re.search(rf"^\s*{name.arg}:(.*?)(?=^\s*\w+:|\Z)", doc, re.MULTILINE | re.DOTALL)
        arguments[name.arg] = Argument(annotation, ast.unparse(default) if default else None, entry[1] if entry else "")
    return arguments
