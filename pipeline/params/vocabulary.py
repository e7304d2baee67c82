"""The names that params.yaml may use: the classes of Keras and Albumentations, read from their installed source.

The source is parsed (`ast`), never imported, so the whole file is checked in a second, without TensorFlow.
"""

import ast
import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TRANSFORM_PLACES = ("blur", "crops", "dropout", "geometric", "pixel", "../core/transforms_interface.py")
NOT_A_TRANSFORM = re.compile(r"^Base|^_|Transform$|BBox|Mask|3D")
ABSTRACT = ("Layer", "LearningRateSchedule", "Optimizer")
BASE_LAYER = ("name", "trainable", "dtype", "activity_regularizer")


@dataclass(frozen=True)
class Argument:
    """One parameter of a constructor, as its source states it."""

    annotation: str | None
    default: str | None  # as Python source; None: the argument is required
    doc: str


@dataclass(frozen=True)
class Signature:
    """What a class of a library can be given: its constructor's parameters by name."""

    name: str
    arguments: dict[str, Argument]


@cache
def layers() -> dict[str, Signature]:
    """All layers of keras.layers; `exportable` says which of them can be used."""
    return _keras("keras.layers.", (".",), "layers", BASE_LAYER)


@cache
def optimizers() -> dict[str, Signature]:
    """keras.optimizers."""
    not_one = ("LossScaleOptimizer", "MultiOptimizer", "OptimizerMap")  # they wrap other optimizers
    found = _keras("keras.optimizers.", (".",), "optimizers", ())
    return {name: signature for name, signature in found.items() if name not in not_one}


@cache
def schedules() -> dict[str, Signature]:
    """keras.optimizers.schedules."""
    return _keras("keras.optimizers.schedules.", ("schedules",), "optimizers", ())


@cache
def callbacks() -> dict[str, Signature]:
    """The callbacks that steer training; those that write files would leave outputs that DVC does not know."""
    steering = ("EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN")
    found = _keras("keras.callbacks.", (".",), "callbacks", ())
    return {name: found[name] for name in steering}


@cache
def transforms() -> dict[str, Signature]:
    """The image transforms of Albumentations."""
    root = _root("albumentations") / "augmentations"
    classes = _classes([root / place for place in TRANSFORM_PLACES])
    return {
        name: Signature(name, _arguments(node, classes))
        for name, node in classes.items()
        if not NOT_A_TRANSFORM.search(name) and any(base.endswith("Transform") for base in _ancestry(node, classes))
    }


def _keras(prefix: str, places: tuple[str, ...], room: str, extra: tuple[str, ...]) -> dict[str, Signature]:
    root = _root("keras") / "src" / room
    classes = _classes([root / place for place in places])
    found = {}
    for node in classes.values():
        for exported in _exports(node):
            name = exported.removeprefix(prefix)
            if exported.startswith(prefix) and "." not in name and name not in ABSTRACT:
                arguments = _arguments(node, classes) | dict.fromkeys(extra, Argument(None, "None", "string"))
                found[name] = Signature(name, arguments)
    return found


def _root(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed; `make repro` sets up the environment")
    return Path(spec.origin).parent


def _classes(places: list[Path]) -> dict[str, ast.ClassDef]:
    files = [file for place in places for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]
    sources = [ast.parse(file.read_text(encoding="utf-8")) for file in files if not file.name.endswith("_test.py")]
    return {node.name: node for tree in sources for node in tree.body if isinstance(node, ast.ClassDef)}


def _exports(node: ast.ClassDef) -> list[str]:
    calls = [it for it in node.decorator_list if isinstance(it, ast.Call) and ast.unparse(it.func) == "keras_export"]
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
    found = {}
    for name, default in zip(names, defaults, strict=True):
        annotation = ast.unparse(name.annotation) if name.annotation else None
        told = re.search(rf"^\s*{name.arg}:(.*?)(?=^\s*\w+:|\Z)", doc, re.MULTILINE | re.DOTALL)
        found[name.arg] = Argument(annotation, ast.unparse(default) if default else None, told[1] if told else "")
    return found
