"""Why a stage would run again: five edits, each named to the value."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run

DVC = """
stages:
  first:
    cmd: cp a.txt b.txt
    params: [seed]
    deps: [a.txt]
    outs: [b.txt]
  second:
    foreach: ${models}
    do:
      cmd: cp b.txt ${key}.txt
      params: ["models.${key}"]
      deps: [b.txt, code.py]
      outs: ["${key}.txt"]
"""
PARAMS = "seed: 0\nmodels:\n  one: {layers: [Flatten, {Dense: {units: 8}}], epochs: 3}\n  two: {epochs: 3}\n"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project whose stages have run."""
    folder = tmp_path_factory.mktemp("why")
    for name, text in {"dvc.yaml": DVC, "params.yaml": PARAMS, "a.txt": "a", "code.py": "x = 1\n"}.items():
        (folder / name).write_text(text)
    for words in (["init", "--no-scm", "-q"], ["repro", "-q"]):
        subprocess.run(["dvc", *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def why(ran: Path, run: Run, monkeypatch: pytest.MonkeyPatch):
    """The lines for a stage when a file of the project has another content."""

    def ask(stage: str, file: str = "a.txt", old: str = "a", new: str = "a") -> tuple[int, str]:
        monkeypatch.chdir(ran)
        path = ran / file
        before = path.read_text() if path.exists() else None
        try:
            path.write_text((before or "").replace(old, new)) if new != "gone" else path.unlink()
            ended = run("darkroom.commands.why", stage, PYTHONPATH=str(ROOT))
            return ended.returncode, ended.stdout + ended.stderr
        finally:
            path.write_text(before or "")

    return ask


def test_nothing(why) -> None:
    assert why("second@one") == (0, "second@one: nothing has changed since it last ran\n")


def test_a_value_deep_in_a_model(why) -> None:
    line = "second@one: models.one.layers[1].Dense.units: 8 when it last ran, 16 now\n"
    assert why("second@one", "params.yaml", "units: 8", "units: 16") == (0, line)
    assert why("second@two", "params.yaml", "units: 8", "units: 16")[1] == "second@two: nothing has changed since it last ran\n"


def test_a_value_of_an_earlier_stage(why) -> None:
    told = "first: seed: 0 when it last ran, 1 now\nsecond@two: b.txt: first runs again and may change it\n"
    assert why("second@two", "params.yaml", "seed: 0", "seed: 1") == (0, told)


def test_a_file(why) -> None:
    assert why("second@one", "code.py", "x = 1", "x = 2") == (0, "second@one: code.py: modified\n")


def test_an_output_that_is_gone(why) -> None:
    assert why("second@one", "one.txt", "", "gone") == (0, "second@one: one.txt, which it writes: deleted\n")


def test_a_command(why) -> None:
    assert why("first", "dvc.yaml", "cp a.txt", "cp -f a.txt") == (0, "first: its command is now `cp -f a.txt b.txt`\n")


def test_a_model_that_is_new(why) -> None:
    told = why("second@new", "params.yaml", "  two:", "  new: {epochs: 1}\n  two:")
    assert told == (0, "second@new: it has not run yet\n")


def test_a_stage_that_is_not_there(why) -> None:
    assert why("second@on") == (1, "second@on: no such stage; did you mean second@one?\n")
