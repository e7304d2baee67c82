"""The constructor arguments of the classes of Keras and Albumentations, read from their installed source.

The source is parsed (`ast`), never imported, so that params.yaml is checked in a second, without TensorFlow. Regular
expressions find the classes in all files; only the files of the classes that params.yaml names are parsed.
"""

import ast
import importlib.util
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

DECLARATION = re.compile(r"(?:^@keras_export\(([^)]*)\)\n)?(?:^@.*\n)*^class (\w+)(?:\(([^)]*)\))?:", re.MULTILINE)


@dataclass(frozen=True)
class Argument:
    """One parameter of a constructor, as the source declares it; `doc` is its paragraph in the docstring."""

    annotation: str | None
    default: str | None  # as Python source; None: the argument is required
    doc: str


@dataclass(frozen=True)
class Signature:
    """A class of a library; the parameters of its constructor by name are read when first asked for."""

    name: str
    read: Callable[[], dict[str, Argument]]

    @cached_property
    def arguments(self) -> dict[str, Argument]:
        """The parameters by name."""
        return self.read()


@dataclass(frozen=True)
class Declaration:
    """A class in the source: its file, its base classes, and the names under which Keras exports it."""

    name: str
    file: Path
    bases: tuple[str, ...]
    exports: tuple[str, ...]


def root(package: str) -> Path:
    """The folder of an installed package, found without importing it. Raises ModuleNotFoundError if it is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed; `make env` sets up the environment")
    return Path(spec.origin).parent


def of_keras(prefix: str, *paths: str, extra: tuple[str, ...] = ()) -> dict[str, Signature]:
    """The classes that Keras exports as PREFIX.NAME, from `paths` in its source; each also accepts the `extra` arguments."""
    classes = declarations(tuple(root("keras") / "src" / path for path in paths))
    others = dict.fromkeys(extra, Argument(None, "None", "string"))
    return {
        name: Signature(name, lambda declared=declared: _arguments(declared, classes) | others)  # type: ignore[misc]
        for declared in classes.values()
        for exported in declared.exports
        if exported.startswith(f"{prefix}.") and "." not in (name := exported.removeprefix(f"{prefix}."))
    }


def of_subclasses(base: str, paths: tuple[Path, ...]) -> dict[str, Signature]:
    """The classes that have an ancestor whose name ends in `base`."""
    classes = declarations(paths)
    return {
        name: Signature(name, lambda declared=declared: _arguments(declared, classes))  # type: ignore[misc]
        for name, declared in classes.items()
        if any(ancestor.endswith(base) for ancestor in _ancestry(declared, classes))
    }


@cache
def declarations(paths: tuple[Path, ...]) -> dict[str, Declaration]:
    """The classes at the top level of all Python files below `paths`, by name."""
    files = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    found = (declared for file in files if not file.name.endswith("_test.py") for declared in _declared(file))
    return {declared.name: declared for declared in found}


def _declared(file: Path) -> Iterator[Declaration]:
    for exports, name, bases in DECLARATION.findall(file.read_text(encoding="utf-8")):
        names = tuple(base.split(".")[-1] for base in re.findall(r"[\w.]+", bases))
        yield Declaration(name, file, names, tuple(re.findall(r"[\w.]+", exports)))


@cache
def _parsed(file: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _ancestry(declared: Declaration, classes: dict[str, Declaration]) -> list[str]:
    further = (name for base in declared.bases if base in classes for name in _ancestry(classes[base], classes))
    return [*declared.bases, *further]


def _arguments(declared: Declaration, classes: dict[str, Declaration]) -> dict[str, Argument]:
    """The parameters of its constructor, or of that of the nearest ancestor that has one."""
    doc = ast.get_docstring(_parsed(declared.file)[declared.name]) or ""
    for owner in [declared, *(classes[name] for name in _ancestry(declared, classes) if name in classes)]:
        for item in _parsed(owner.file)[owner.name].body:
            if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                return _parameters(item.args, doc)
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
