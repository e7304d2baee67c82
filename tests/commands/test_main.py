"""`darkroom COMMAND`: what it lists, how it ends, what the commands were called before."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import darkroom
from darkroom.__main__ import COMMANDS, main
from darkroom.inference.classifier import Classifier, Prediction
from pipeline import MOVED
from tests.conftest import ROOT, Run


def test_help_has_a_line_for_each_command(run: Run) -> None:
    ended = run("darkroom", "--help")
    lines = ended.stdout.splitlines()
    begin = lines.index("commands:") + 1
    assert (ended.returncode, lines[0]) == (0, "usage: darkroom COMMAND ...")
    assert lines[begin : begin + len(COMMANDS) + 1] == [
        "  predict    classify image files with an ONNX model",
        "  inspect    describe an ONNX model, or compare it with a checkout",
        "  check      check params.yaml, and that its data set exists",
        "  recipe     compose params.yaml from a recipe",
        "  why        explain why a stage would run again",
        "  diverge    find where two trainings differ first",
        "  lr-finder  run a learning-rate range test",
        "",
    ]


def test_the_commands_are_the_modules() -> None:
    modules = {file.stem for file in (ROOT / "darkroom/commands").glob("*.py")} - {"__init__"}
    assert {module for module, _ in COMMANDS.values()} == modules


def test_the_version_is_the_package_s(run: Run) -> None:
    ended = run("darkroom", "--version")
    assert (ended.returncode, ended.stdout) == (0, f"darkroom {metadata.version('darkroom')}\n")


def test_a_checkout_runs_without_being_installed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    monkeypatch.setattr("sys.argv", ["darkroom", "--version"])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert capsys.readouterr().out == "darkroom (a checkout, not installed)\n"


@pytest.mark.parametrize("words", [[], ["develop"], ["predict"], ["predict", "--nonsense"]])
def test_wrong_words_are_wrong_usage(words: list[str], run: Run) -> None:
    ended = run("darkroom", *words)
    assert (ended.returncode, ended.stdout) == (2, "") and "usage: darkroom" in ended.stderr


def test_a_misspelt_command_has_the_nearest(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["darkroom", "prdict", "a.png"])
    with pytest.raises(SystemExit, match="2"):
        main()
    lines = ["usage: darkroom COMMAND ...", "darkroom: error: prdict: no such command; did you mean predict?"]
    assert capsys.readouterr().err.splitlines() == lines


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_names_it(command: str, run: Run) -> None:
    ended = run("darkroom", command, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(f"usage: darkroom {command} ")


@pytest.mark.parametrize("module", MOVED)
def test_what_was_a_module_of_the_pipeline_names_the_command(module: str, run: Run) -> None:
    ended = run(module, "--help")
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"python -m {module} is now `{MOVED[module]}`\n")
    assert MOVED[module].removeprefix("darkroom ") in COMMANDS


def test_the_classifier_is_had_from_the_package() -> None:
    assert (darkroom.Classifier, darkroom.Prediction) == (Classifier, Prediction)
    with pytest.raises(AttributeError, match=r"^module 'darkroom' has no attribute 'Clasifier'$"):
        darkroom.Clasifier  # noqa: B018


def test_the_package_alone_imports_nothing_large() -> None:
    program = "import sys, darkroom; print(sorted({'onnxruntime', 'cv2', 'numpy', 'PIL'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"


def test_a_command_works_from_a_folder_of_a_checkout(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "data/catalog")
    ended = run("darkroom", "check", PYTHONPATH=str(project))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("../../params.yaml is valid: Fashion-MNIST; models ")


def test_without_a_command_the_help_is_printed(run: Run) -> None:
    ended = run("darkroom")
    assert ended.returncode == 2 and ended.stderr == run("darkroom", "--help").stdout
