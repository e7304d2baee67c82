"""The fingerprint of a stage's code: the SHA-256 of each module that the stage imports, and of each template.

A module is hashed by its syntax tree, without comments, docstrings and layout. Its digest is the same under every version of
Python that the project supports. So a stage depends on what its code does, not on how it is formatted.
"""

import ast
import csv
import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from darkroom.core import digests
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace

LIBRARY, STAGES = "darkroom", "pipeline"
MAY_HAVE_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
IGNORED_FIELDS = ("kind", "type_comment")  # they do not affect what the code does

Rows = dict[str, str]  # SHA-256 by the name of a module or the path of a template


def stages(root: Path) -> list[str]:
    """The names of the stages in a checkout, except the one that writes the fingerprints."""
    return sorted(file.stem for file in (root / STAGES).glob("*.py") if file.stem not in ("__init__", "fingerprint"))


def rows(stage: str, root: Path) -> Rows:
    """The fingerprint of a stage in the checkout `root`.

    It covers the stage's own module, the modules of this project that it imports, at the top of a file or inside a function,
    the packages that contain them, and their templates.
    """
    files = _closure(f"{STAGES}.{stage}", root)
    folders = sorted({file.parent / "templates" for file in files.values()})
    templates = [file for folder in folders for file in sorted(folder.glob("*.j2"))]
    return {
        **{module: digest(files[module].read_text(encoding="utf-8")) for module in sorted(files)},
        **{file.relative_to(root).as_posix(): digests.of_file(file) for file in templates},
    }


@cache
def digest(source: str) -> str:
    """The SHA-256 of Python source, without its comments, docstrings and layout."""
    return digests.sha256("\n".join(_tokens(_parsed(source))).encode())


def to_csv(fingerprint: Rows) -> str:
    """A fingerprint as CSV with the columns module and sha256."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([("module", "sha256"), *fingerprint.items()])
    return stream.getvalue()


def from_csv(text: str) -> Rows:
    """Parses what `to_csv` returned."""
    return {row["module"]: row["sha256"] for row in csv.DictReader(io.StringIO(text))}


def check(stage: str, workspace: Workspace) -> None:
    """Raises DarkroomError if the stage's recorded fingerprint does not match the code that would run.

    `dvc repro -s` and a stage started by hand skip the fingerprint stage. DVC would then record the results of the
    new code under the fingerprint of the old. A stage without a recorded fingerprint passes.
    """
    path = workspace.code(stage)
    if not path.is_file():
        return
    before, now = from_csv(path.read_text(encoding="utf-8")), rows(stage, workspace.root)
    if modules := sorted(module for module in before.keys() | now.keys() if before.get(module) != now.get(module)):
        raise DarkroomError(f"{path}: the code has changed since ({', '.join(modules)}); run `dvc repro fingerprint` first")


def _closure(module: str, root: Path) -> dict[str, Path]:
    """The file of a module, and of each module of this project that it imports, directly or indirectly."""
    files: dict[str, Path] = {}
    waiting = {module}
    while waiting:
        name = waiting.pop()
        files[name] = _file(name, root)
        # no stage triggers the deferred import in `darkroom.__getattr__`
        names = () if name == LIBRARY else _imports(files[name].read_text(encoding="utf-8"))
        imports = {imported for imported in names if _file(imported, root).is_file()}
        package = {name.rpartition(".")[0]} - {""}  # importing a module runs the package that contains it
        waiting |= (imports | package) - files.keys()
    return files


@cache
def _imports(source: str) -> tuple[str, ...]:
    """The imported names that may be modules of this project."""
    names: list[str] = []
    for node in ast.walk(_parsed(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(name for name in names if name.split(".")[0] in (LIBRARY, STAGES))


def _file(module: str, root: Path) -> Path:
    path = root / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


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
