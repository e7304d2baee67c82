"""What a stage's code means: a SHA-256 for each module that the stage imports, and for each template.

The digest is that of a module's syntax tree without comments, docstrings and layout, the same under every version of Python
that the project supports. So a stage depends on what its code does and not on how it is written down.
"""

import ast
import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grimp

import darkroom
from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace

CHECKOUT = Path(darkroom.__file__).parents[1]
LIBRARY, STAGES = "darkroom", "pipeline"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
UNSEEN = ("kind", "type_comment")  # fields of the syntax tree without a meaning

Rows = dict[str, str]  # a module, or the path of a template: its SHA-256


def stages() -> list[str]:
    """The names of all stages but the one that writes the fingerprints."""
    return sorted(file.stem for file in (CHECKOUT / STAGES).glob("*.py") if file.stem not in ("__init__", "fingerprint"))


def graph() -> grimp.ImportGraph:
    """Who imports whom. What `darkroom` itself imports, when somebody asks for it by name, is left out: no stage does."""
    found = grimp.build_graph(LIBRARY, STAGES, cache_dir=None)
    for imported in found.find_modules_directly_imported_by(LIBRARY):
        found.remove_import(importer=LIBRARY, imported=imported)
    return found


def rows(stage: str, imports: grimp.ImportGraph) -> Rows:
    """The fingerprint of a stage: its own module, all that it imports, the packages around them, and their templates."""
    files = {module: _file(module) for module in _closure(f"{STAGES}.{stage}", imports)}
    folders = sorted({file.parent / "templates" for file in files.values()})
    templates = [file for folder in folders for file in sorted(folder.glob("*.j2"))]
    return {
        **{module: digest(files[module].read_text(encoding="utf-8")) for module in sorted(files)},
        **{file.relative_to(CHECKOUT).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in templates},
    }


def digest(source: str) -> str:
    """The SHA-256 of what Python source means."""
    return hashlib.sha256("\n".join(_tokens(ast.parse(source))).encode()).hexdigest()


def write(path: Path, fingerprint: Rows) -> None:
    """Writes a fingerprint as CSV: module, sha256."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([("module", "sha256"), *fingerprint.items()])
    artifacts.write_bytes(path, stream.getvalue().encode())


def parse(text: str) -> Rows:
    """What `write` wrote."""
    return {row["module"]: row["sha256"] for row in csv.DictReader(io.StringIO(text))}


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The modules that differ, that are new or that are gone, sorted."""
    return sorted(module for module in before.keys() | now.keys() if before.get(module) != now.get(module))


def check(stage: str, workspace: Workspace) -> None:
    """Raises DarkroomError where the stage's fingerprint is not that of the code that would run.

    `dvc repro -s` and a stage that is started by hand skip the fingerprint; DVC would then record a result of new code under
    the fingerprint of the old one.
    """
    path = workspace.code(stage)
    if not path.is_file():
        return
    if modules := changed(parse(path.read_text(encoding="utf-8")), rows(stage, graph())):
        raise DarkroomError(f"{path}: the code has changed since ({', '.join(modules)}); run `dvc repro fingerprint` first")


def _closure(module: str, imports: grimp.ImportGraph) -> set[str]:
    found: set[str] = set()
    waiting = {module}
    while waiting:
        one = waiting.pop()
        found.add(one)
        around = {one.rpartition(".")[0]} - {""}  # importing a module runs the package around it
        waiting |= (imports.find_modules_directly_imported_by(one) | around) - found
    return found


def _file(module: str) -> Path:
    path = CHECKOUT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _tokens(node: Any) -> Iterator[str]:
    """A syntax tree as text. Empty fields are left out: Python 3.12 and 3.13 have some that 3.11 has not."""
    if isinstance(node, ast.Constant):
        yield f"{type(node.value).__name__} {ascii(node.value)}"
    elif isinstance(node, ast.AST):
        yield type(node).__name__
        for name, value in sorted(ast.iter_fields(node)):
            value = _children(node, name, value)
            if name not in UNSEEN and value is not None and value != []:
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
    """A field without the docstring, or with the text between two values of an f-string in one piece."""
    if name == "body" and isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        return value[1:]
    return _joined(value) if isinstance(node, ast.JoinedStr) else value


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    found: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.Constant) and found and isinstance(found[-1], ast.Constant):
            found[-1] = ast.Constant(found[-1].value + part.value)  # type: ignore[operator]
        elif not (isinstance(part, ast.Constant) and part.value == ""):
            found.append(part)
    return found
