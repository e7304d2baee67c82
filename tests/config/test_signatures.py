"""The classes that regular expressions find in the source of the libraries are those that Python's parser finds."""

import ast
from pathlib import Path

import pytest

from darkroom.config import signatures


def parsed(file: Path) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Name, base classes and exported names of each class."""
    nodes = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef)]
    return [(node.name, tuple(ast.unparse(base).split(".")[-1] for base in node.bases), exports(node)) for node in nodes]


def exports(node: ast.ClassDef) -> tuple[str, ...]:
    calls = [call for call in node.decorator_list if isinstance(call, ast.Call) and ast.unparse(call.func) == "keras_export"]
    names = [ast.literal_eval(call.args[0]) for call in calls]
    return tuple(name for entry in names for name in ([entry] if isinstance(entry, str) else entry))


@pytest.mark.parametrize(
    "folder",
    [*(f"keras/src/{name}" for name in ("layers", "optimizers", "callbacks", "losses")), "albumentations/augmentations"],
)
def test_the_classes_are_those_of_the_parser(folder: str) -> None:
    package, _, inner = folder.partition("/")
    path = signatures.root(package) / inner
    files = [file for file in sorted(path.rglob("*.py")) if not file.name.endswith("_test.py")]
    expected = {name: (bases, names) for file in files for name, bases, names in parsed(file)}
    found = signatures.declarations((path,))
    assert {name: (declared.bases, declared.exports) for name, declared in found.items()} == expected
