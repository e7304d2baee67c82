"""A fingerprint changes with what code does, and with nothing else."""

import hashlib
import json
import subprocess
from pathlib import Path

import grimp
import pytest

from darkroom.core import fingerprint
from darkroom.core.errors import DarkroomError
from darkroom.core.fingerprint import digest
from darkroom.core.workspace import Workspace
from tests.conftest import ROOT

SOURCE = '''\
"""What it does."""

import os  # for its name


@property
def area(side: float, scale: float = 2.0) -> float:
    """In square metres."""
    name = "x"
    size = side * side
    return size * scale if os.name else f"{name!r:>{8}} of {size:.2f}"


class Shape:
    """A shape."""

    count = 1
'''
SAME = {
    "a comment": ("import os  # for its name", "import os\n# another"),
    "the docstring of a module": ("What it does.", "What it does today."),
    "no docstring at all": ('"""What it does."""\n', ""),
    "the docstring of a function": ('    """In square metres."""\n', ""),
    "the docstring of a class": ('    """A shape."""\n\n', ""),
    "quotes": ('"x"', "'x'"),
    "layout": ("size = side * side", "size = (\n        side\n        * side\n    )"),
    "empty lines": ("    size =", "\n\n    size ="),
    "how a number is written": ("2.0", "2.00"),
    "a text in two pieces": ('f"{name!r:>{8}} of {size:.2f}"', 'f"{name!r:>{8}} o" "f " f"{size:.2f}"'),
}
OTHER = {
    "a constant": ("count = 1", "count = 2"),
    "the type of a constant": ("count = 1", "count = True"),
    "a text": ('name = "x"', 'name = "y"'),
    "a name": ("def area", "def surface"),
    "an argument": ("side: float,", "edge: float,"),
    "a default": ("2.0", "3.0"),
    "an annotation": ("-> float", "-> int"),
    "a decorator": ("@property\n", ""),
    "an operator": ("side * side", "side + side"),
    "the order of statements": (
        '    name = "x"\n    size = side * side\n',
        '    size = side * side\n    name = "x"\n',
    ),
    "an import": ("import os", "import os.path"),
    "the text of an f-string": (" of ", " in "),
    "a conversion in an f-string": ("!r", "!s"),
    "a format in an f-string": (".2f", ".3f"),
    "a nested format in an f-string": ("{8}", "{9}"),
    "a value in an f-string": ("{size:", "{side:"),
    "a text that is no docstring": ('    name = "x"\n', '    name = "x"\n    "a text"\n'),
}
F_STRINGS = r'''
x, w = 3.14159, 10
a = f"", f"{x}", f"{x!r}", f"{x!s:>10}", f"{x!a}", f"{x=}", f"{x = }", f"{x=:.2f}", f"{x=!s}"
b = f"{x:{w}}", f"{x:{w}.{3}f}", f"{x:>{w}}|{x:<{w}}", f"{{}}", f"{{{x}}}", f"{{a}} {x} {{b}}", f"{x:{'>'}{w}}"
c = "a" f"{x}" "b" "c" f"d{w}e" "", rf"\d{x}\d", f"\n{x}\t\N{BULLET}", f"""
{x}
"""
d = f"{'nested'} {f'{w}'}", f"{x:%Y-%m-%d}", f"{lambda_ if (lambda_ := w) else 0}", f"é{x}ü"
'''


@pytest.mark.parametrize("edit", SAME)
def test_formatting_does_not_change_the_digest(edit: str) -> None:
    old, new = SAME[edit]
    assert SOURCE.count(old) == 1
    assert digest(SOURCE.replace(old, new)) == digest(SOURCE)


@pytest.mark.parametrize("edit", OTHER)
def test_a_change_of_meaning_changes_the_digest(edit: str) -> None:
    old, new = OTHER[edit]
    assert old in SOURCE
    assert digest(SOURCE.replace(old, new)) != digest(SOURCE)


@pytest.mark.parametrize(
    ("one", "other"), [("x = 0.0", "x = -0.0"), ("x = 1", "x = 1.0"), ("x = 'a'", "x = b'a'"), ("f(a)", "f(*a)"), ("()", "[]")]
)
def test_code_that_differs_in_meaning_differs_in_digest(one: str, other: str) -> None:
    assert digest(one) != digest(other)


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
        **{name: digest((checkout.root / file).read_text()) for name, file in modules.items()},
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
    assert fingerprint.from_csv(path.read_text()) == fingerprint.rows(stage, ROOT), "run `dvc repro fingerprint`"


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_other_versions_of_python_give_the_same_digests(version: str) -> None:
    interpreters = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    if not interpreters:
        pytest.skip(f"no Python {version} in ~/.pyenv/versions")
    sources = [
        SOURCE,
        F_STRINGS,
        *(file.read_text() for folder in ("darkroom", "pipeline") for file in ROOT.glob(f"{folder}/**/*.py")),
    ]
    program = """
import json, sys
from darkroom.core.fingerprint import digest
print(json.dumps([sys.version.split()[0], *map(digest, json.load(sys.stdin))]))
"""
    command = [str(interpreters[-1]), "-S", "-c", program]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(sources), capture_output=True, text=True)
    assert done.stderr == ""
    other, *digests = json.loads(done.stdout)
    assert other.startswith(version) and digests == [digest(source) for source in sources]
