"""The fingerprint of a stage's code: the SHA-256 of each module that the stage imports, and of each template.

A module is hashed by its syntax tree, so a stage depends on what its code does, not on how it is formatted.
"""

import csv
import io
from pathlib import Path
from textwrap import shorten

from darkroom.core import artifacts, digests, python_source
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace

LIBRARY, STAGES = "darkroom", "pipeline"

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
        **{module: python_source.digest(files[module].read_text(encoding="utf-8")) for module in sorted(files)},
        **{file.relative_to(root).as_posix(): digests.of_file(file) for file in templates},
    }


def to_csv(fingerprint: Rows) -> str:
    """A fingerprint as CSV with the columns module and sha256."""
    return artifacts.csv_text(("module", "sha256"), fingerprint.items())


def from_csv(text: str) -> Rows:
    """Parses what `to_csv` returned."""
    return {row["module"]: row["sha256"] for row in csv.DictReader(io.StringIO(text))}


def check(stage: str, workspace: Workspace) -> None:
    """Raises DarkroomError if the stage's recorded fingerprint does not match the code that would run.

    `dvc repro -s` and a stage started by hand skip the stage `fingerprint`: DVC would record results of the new code under the
    fingerprint of the old. A stage without a recorded fingerprint passes.
    """
    path = workspace.code(stage)
    if not path.is_file():
        return
    before, now = from_csv(path.read_text(encoding="utf-8")), rows(stage, workspace.root)
    if modules := sorted(module for module in before.keys() | now.keys() if before.get(module) != now.get(module)):
        changed = shorten(", ".join(modules), 160, placeholder=" ...")
        raise DarkroomError(f"{path}: the code has changed since ({changed}); run `dvc repro fingerprint` first")


def _closure(module: str, root: Path) -> dict[str, Path]:
    """The file of a module, and of each module of this project that it imports, directly or indirectly."""
    files: dict[str, Path] = {}
    waiting = {module}
    while waiting:
        name = waiting.pop()
        files[name] = _file(name, root)
        # no stage triggers the deferred import in `darkroom.__getattr__`
        names = () if name == LIBRARY else python_source.imports(files[name].read_text(encoding="utf-8"))
        imports = {imported for imported in names if _is_ours(imported) and _file(imported, root).is_file()}
        package = {name.rpartition(".")[0]} - {""}  # importing a module runs the package that contains it
        waiting |= (imports | package) - files.keys()
    return files


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in (LIBRARY, STAGES)


def _file(module: str, root: Path) -> Path:
    path = root / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
