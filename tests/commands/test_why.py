"""Why a stage would run again: each edit is named to the value, or to the module."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from darkroom.commands import why
from darkroom.core import python_source
from darkroom.core.errors import DarkroomError
from tests.conftest import WORKSPACE, Run

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning")  # DVC uses pygtrie so
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
WITH_CODE = """
stages:
  fingerprint:
    cmd: python -m pipeline.fingerprint
    deps: [darkroom, pipeline]
    outs: [reports/code/train.csv: {cache: false}]
  train:
    cmd: cp a.txt b.txt
    deps: [a.txt, reports/code/train.csv]
    outs: [b.txt]
"""
NOTHING = "{}: nothing has changed since it last ran\n"


def dvc(*words: str, folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # for `python` in the stages' commands
    subprocess.run([sys.executable, "-m", "dvc", *words, "-q"], cwd=folder, env={**os.environ, "PATH": path}, check=True)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project whose stages have run."""
    folder = tmp_path_factory.mktemp("why")
    for name, text in {"dvc.yaml": DVC, "params.yaml": PARAMS, "a.txt": "a", "code.py": "x = 1\n"}.items():
        (folder / name).write_text(text)
    dvc("init", "--no-scm", folder=folder)
    dvc("repro", folder=folder)
    return folder


Reasons = Callable[..., str]


@pytest.fixture
def reasons(ran: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Reasons:
    """What is printed for a stage when a file of the project has another content; None: when it is gone."""
    monkeypatch.chdir(ran)

    def call(stage: str, file: str = "a.txt", old: str = "a", new: str | None = "a") -> str:
        path = ran / file
        before = path.read_text()
        assert old in before
        path.unlink() if new is None else path.write_text(before.replace(old, new))
        try:
            why.main([stage])
        finally:
            path.write_text(before)
        return capsys.readouterr().out

    return call


def test_nothing(reasons: Reasons) -> None:
    assert reasons("second@one") == NOTHING.format("second@one")


def test_a_value_deep_in_a_model(reasons: Reasons) -> None:
    line = "second@one: models.one.layers[1].Dense.units: 8 when it last ran, 16 now\n"
    assert reasons("second@one", "params.yaml", "units: 8", "units: 16") == line
    assert reasons("second@two", "params.yaml", "units: 8", "units: 16") == NOTHING.format("second@two")


def test_a_value_of_an_earlier_stage(reasons: Reasons) -> None:
    lines = "first: seed: 0 when it last ran, 1 now\nsecond@two: b.txt: first runs again and may change it\n"
    assert reasons("second@two", "params.yaml", "seed: 0", "seed: 1") == lines


def test_a_file(reasons: Reasons) -> None:
    assert reasons("second@one", "code.py", "x = 1", "x = 2") == "second@one: code.py: modified\n"


def test_an_output_that_is_gone(reasons: Reasons) -> None:
    assert reasons("second@one", "one.txt", "", None) == "second@one: one.txt, which it writes: deleted\n"


def test_a_command(reasons: Reasons) -> None:
    assert reasons("first", "dvc.yaml", "cp a.txt", "cp -f a.txt") == "first: its command is now `cp -f a.txt b.txt`\n"


def test_a_model_that_is_new(reasons: Reasons) -> None:
    assert reasons("second@new", "params.yaml", "  two:", "  new: {epochs: 1}\n  two:") == "second@new: it has not run yet\n"


def test_a_stage_that_is_not_there(reasons: Reasons) -> None:
    with pytest.raises(DarkroomError, match=r"^second@on: no such stage; did you mean second@one\?$"):
        reasons("second@on")


def test_a_stage_of_several_models_needs_one_of_them(reasons: Reasons) -> None:
    with pytest.raises(DarkroomError, match=r"^second: no such stage; give a model: second@one, second@two$"):
        reasons("second")


def test_a_stage_has_the_same_name_in_every_folder(reasons: Reasons, ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (ran / "inner").mkdir(exist_ok=True)
    monkeypatch.chdir(ran / "inner")
    assert reasons("second@one") == NOTHING.format("second@one")


def test_the_command_ends_with_an_exit_code(ran: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ran)
    ended = [run("darkroom", "why", stage) for stage in ("first", "fir")]
    assert [it.returncode for it in ended] == [0, 1]
    assert (ended[0].stdout, ended[1].stderr) == (NOTHING.format("first"), "fir: no such stage; did you mean first?\n")


@pytest.fixture
def code(project: Path) -> Path:
    """A copy of this project whose stages have run; it is a file of its code."""
    for name, text in {"dvc.yaml": WITH_CODE, "a.txt": "a"}.items():
        Path(name).write_text(text)
    subprocess.run(["git", "init", "-q"], check=True)
    dvc("init", folder=project)
    dvc("repro", folder=project)
    return Path("darkroom/training/network.py")


def commit() -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "add", "reports/code/train.csv"], check=True)
    subprocess.run(["git", *who, "commit", "-q", "-m", "ran"], check=True)


def edit(path: Path, old: str, new: str) -> str:
    """Edits the code; the line that names what it was and what it is."""
    then = python_source.digest(path.read_text())[:8]
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return f"train: darkroom.training.network: {then} when it last ran, {python_source.digest(path.read_text())[:8]} now\n"


@pytest.mark.processes
def test_a_comment_is_no_reason_and_an_edit_is_named_by_its_module(code: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(code, '"logits"\n', '"logits"  # their name\n')
    why.main(["train"])
    assert capsys.readouterr().out == NOTHING.format("train")
    line = edit(code, "1 / 255", "1 / 256")
    why.main(["train"])
    assert capsys.readouterr().out == line


@pytest.mark.processes
def test_a_fingerprint_that_was_rewritten_is_compared_with_gits(
    code: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commit()
    line = edit(code, "1 / 255", "1 / 256")
    dvc("repro", "fingerprint", folder=project)
    why.main(["train"])
    assert capsys.readouterr().out == line
    commit()
    why.main(["train"])
    unknown = "the code has changed; neither this file nor Git's last commit has the fingerprint of the last run"
    assert capsys.readouterr().out == f"train: {WORKSPACE.code('train')}: {unknown}\n"
