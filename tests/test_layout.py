"""How the code is laid out: deferred imports, names, lengths, docstrings and contracts."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

FILES = sorted(file for folder in ("darkroom", "pipeline") for file in (ROOT / folder).rglob("*.py"))
STAGES = sorted(file for file in (ROOT / "pipeline").glob("*.py") if file.stem != "__init__")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def functions(file: Path) -> Iterator[Function]:
    return (node for node in ast.walk(parsed(file)) if isinstance(node, Function))


def lines(node: Function) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def test_imports_within_functions_are_these() -> None:
    imports = {
        (name(file), ast.unparse(node))
        for file in FILES
        for function in functions(file)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imports == {
        ("darkroom/__init__.py", "from darkroom.inference import classifier"),  # for those who ask for it by name
        ("darkroom/commands/lr_finder.py", "from darkroom.training import lr_finder"),  # after launch
        ("darkroom/core/transforms.py", "import albumentations"),  # optional in `darkroom predict`
        ("pipeline/export.py", "from darkroom.export import calibrate, convert"),  # after launch
        ("pipeline/export.py", "from darkroom.training import keras_file, network, runtime"),
        ("pipeline/train.py", "from darkroom.training.train import train"),
    }


def test_modules_are_imported_by_name_in_the_command_alone() -> None:
    assert [name(file) for file in FILES if "import_module" in file.read_text()] == ["darkroom/__main__.py"]


def test_no_import_is_for_types_only() -> None:
    assert [name(file) for file in FILES if "TYPE_CHECKING" in file.read_text()] == []


def test_no_module_shadows_the_standard_library_or_has_a_name_without_meaning() -> None:
    names = {part: name(file) for file in FILES for part in file.relative_to(ROOT).with_suffix("").parts}
    bad = (set(sys.stdlib_module_names) - {"__init__", "__main__"}) | {"utils", "util", "helpers", "common", "misc"}
    assert {part: file for part, file in names.items() if part in bad} == {}


def test_files_are_short() -> None:
    assert [name(file) for file in FILES if len(file.read_text().splitlines()) > 150] == []


def test_functions_are_short() -> None:
    assert [(name(file), node.name) for file in FILES for node in functions(file) if lines(node) > 40] == []


def test_stages_are_thin() -> None:
    mains = {name(file): [lines(node) for node in functions(file) if node.name == "main"] for file in STAGES}
    assert len(mains) == 10 and {file: sizes for file, sizes in mains.items() if len(sizes) != 1 or sizes[0] > 25} == {}


@pytest.mark.parametrize("file", FILES, ids=name)
def test_every_module_says_what_it_is(file: Path) -> None:
    assert ast.get_docstring(parsed(file))


def test_every_folder_is_a_package_with_a_docstring() -> None:
    folders = {file.parent for file in FILES}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_contracts_of_imports_have_no_exceptions() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert len(linter["contracts"]) > 3
    assert [contract["name"] for contract in linter["contracts"] if "ignore_imports" in contract] == []
