"""A fingerprint covers what a stage imports, and a stage whose code has changed is refused."""

import hashlib
from pathlib import Path

import grimp
import pytest

from darkroom.core import fingerprint, python_source
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from tests.conftest import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Workspace:
    """A checkout of one stage that imports one module of two."""
    for name, text in {
        "dvc.yaml": "",
        "pipeline/__init__.py": "",
        "pipeline/fingerprint.py": "import darkroom.unused",
        "pipeline/stage.py": "def main():\n    from darkroom.page import body",
        "darkroom/__init__.py": "def __getattr__(name):\n    from darkroom import unused",
        "darkroom/unused.py": "",
        "darkroom/page/__init__.py": "import darkroom.page.css",
        "darkroom/page/body.py": "x = 1",
        "darkroom/page/css.py": "import os",
        "darkroom/page/templates/page.html.j2": "<p>",
        "darkroom/page/templates/notes.txt": "no template",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return Workspace(tmp_path, tmp_path, tmp_path / "params.yaml")


def test_the_rows_are_the_modules_their_packages_and_the_templates(checkout: Workspace) -> None:
    assert fingerprint.stages(checkout.root) == ["stage"]
    modules = {
        "darkroom": "darkroom/__init__.py",
        "darkroom.page": "darkroom/page/__init__.py",
        "darkroom.page.body": "darkroom/page/body.py",
        "darkroom.page.css": "darkroom/page/css.py",
        "pipeline": "pipeline/__init__.py",
        "pipeline.stage": "pipeline/stage.py",
    }
    assert fingerprint.rows("stage", checkout.root) == {
        **{name: python_source.digest((checkout.root / file).read_text()) for name, file in modules.items()},
        "darkroom/page/templates/page.html.j2": hashlib.sha256(b"<p>").hexdigest(),
    }


def test_csv_round_trips() -> None:
    rows = {"darkroom": "00", "darkroom/page/templates/page.html.j2": "ff"}
    assert fingerprint.to_csv(rows) == "module,sha256\ndarkroom,00\ndarkroom/page/templates/page.html.j2,ff\n"
    assert fingerprint.from_csv(fingerprint.to_csv(rows)) == rows


def write(checkout: Workspace) -> None:
    checkout.code("stage").parent.mkdir(parents=True)
    checkout.code("stage").write_text(fingerprint.to_csv(fingerprint.rows("stage", checkout.root)))


def test_a_stage_without_a_fingerprint_or_with_a_current_one_may_run(checkout: Workspace) -> None:
    fingerprint.check("stage", checkout)
    write(checkout)
    fingerprint.check("stage", checkout)
    (checkout.root / "darkroom/page/body.py").write_text('"""Doc."""\nx = 1  # one\n')
    (checkout.root / "darkroom/unused.py").write_text("y = 2")
    fingerprint.check("stage", checkout)


def test_a_stage_whose_code_has_changed_is_refused(checkout: Workspace) -> None:
    write(checkout)
    (checkout.root / "darkroom/page/body.py").write_text("import darkroom.unused")
    (checkout.root / "darkroom/page/templates/page.html.j2").write_text("<b>")
    modules = "darkroom.page.body, darkroom.unused, darkroom/page/templates/page.html.j2"
    with pytest.raises(DarkroomError) as refused:
        fingerprint.check("stage", checkout)
    path = checkout.code("stage")
    assert str(refused.value) == f"{path}: the code has changed since ({modules}); run `dvc repro fingerprint` first"


def test_of_many_changed_modules_the_first_are_named(checkout: Workspace) -> None:
    write(checkout)
    names = "abcdefghijklmnopq"
    for name in names:
        (checkout.root / f"darkroom/{name}.py").write_text("")
    (checkout.root / "darkroom/page/body.py").write_text("".join(f"import darkroom.{name}\n" for name in names))
    with pytest.raises(DarkroomError, match=r"\(darkroom.a, darkroom.b, .*, darkroom.l, darkroom.m, ...\)"):
        fingerprint.check("stage", checkout)


STAGES = fingerprint.stages(ROOT)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """The import graph as grimp builds it, without the deferred import in `darkroom.__getattr__`."""
    graph = grimp.build_graph("darkroom", "pipeline", cache_dir=None)
    graph.remove_import(importer="darkroom", imported="darkroom.inference.classifier")
    assert graph.find_modules_directly_imported_by("darkroom") - {"darkroom.inference"} == set()
    return graph


@pytest.mark.parametrize("stage", STAGES)
def test_the_modules_are_the_import_closure(stage: str, graph: grimp.ImportGraph) -> None:
    modules: set[str] = set()
    waiting = {f"pipeline.{stage}"}
    while waiting:
        modules |= waiting
        imported = {upstream for module in waiting for upstream in graph.find_modules_directly_imported_by(module)}
        packages = {module.rpartition(".")[0] for module in waiting} - {""}
        waiting = (imported | packages) - modules
    assert {row for row in fingerprint.rows(stage, ROOT) if not row.endswith(".j2")} == modules


def test_the_templates_are_those_of_the_page() -> None:
    templates = {file.relative_to(ROOT).as_posix() for file in ROOT.glob("darkroom/**/*.j2")}
    rows = {stage: {row for row in fingerprint.rows(stage, ROOT) if row.endswith(".j2")} for stage in STAGES}
    assert templates and rows == {stage: templates if stage == "report" else set() for stage in STAGES}


@pytest.mark.parametrize("stage", STAGES)
def test_the_committed_fingerprint_is_current(stage: str) -> None:
    path = ROOT / f"reports/code/{stage}.csv"
    recorded, now = fingerprint.from_csv(path.read_text()), fingerprint.rows(stage, ROOT)
    changed = [module for module in recorded | now if recorded.get(module) != now.get(module)]
    assert changed == [], "run `dvc repro fingerprint`"
