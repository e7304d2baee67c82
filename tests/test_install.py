"""`pip install darkroom`: what a user of a finished model gets. A new environment from the wheel and its own metadata."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.network
MODEL = ROOT / "models" / "cnn" / "model.onnx"
BOOT = ROOT / "tests" / "boot.png"
ABSENT = (
    "tensorflow",
    "keras",
    "pandas",
    "onnx",
    "dvc",
    "pydantic",
    "ruamel",
    "albumentations",
    "scipy",
    "sklearn",
    "grimp",
    "pipeline",
)


def uv(*words: str, cwd: Path) -> None:
    subprocess.run([sys.executable, "-m", "uv", "--quiet", *words], check=True, cwd=cwd)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since setuptools writes into the folder that it builds."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("darkroom", "pipeline", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    uv("build", "--wheel", "--out-dir", "dist", cwd=folder)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path) -> Path:
    """The programs of an environment that holds the wheel and its dependencies, in the versions of the lock."""
    folder = wheel.parent
    uv("venv", "--python", sys.executable, "env", cwd=folder)
    python, lock = str(folder / "env" / "bin" / "python"), str(ROOT / "requirements.txt")
    uv("pip", "install", "--python", python, "--constraints", lock, str(wheel), cwd=folder)
    return folder / "env" / "bin"


def run(program: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """In a folder that holds no code."""
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run([program, *words], cwd=program.parent, env=environment, capture_output=True, text=True)


def test_the_wheel_holds_the_library_and_nothing_else(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"darkroom", f"{wheel.name.removesuffix('-py3-none-any.whl')}.dist-info"}
    sources = [file.relative_to(ROOT) for pattern in ("*.py", "*.j2") for file in (ROOT / "darkroom").rglob(pattern)]
    assert {name for name in names if name.startswith("darkroom/")} == {path.as_posix() for path in sources}


@pytest.mark.parametrize("name", ABSENT)
def test_what_training_needs_is_absent(programs: Path, name: str) -> None:
    assert f"No module named '{name}'" in run(programs / "python", "-c", f"import {name}").stderr


def test_predict_answers(programs: Path) -> None:
    ended = run(programs / "darkroom", "predict", str(MODEL), str(BOOT))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split()[1:3] == ["Ankle", "boot"]


def test_the_classifier_answers(programs: Path) -> None:
    code = f"from darkroom import Classifier; print(Classifier({str(MODEL)!r}).predict([{str(BOOT)!r}])[0].label)"
    ended = run(programs / "python", "-c", code)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "Ankle boot\n")


def test_inspect_answers(programs: Path) -> None:
    ended = run(programs / "darkroom", "inspect", str(MODEL))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Fashion-MNIST" in ended.stdout


@pytest.mark.parametrize("command", ["check", "recipe", "why", "diverge", "lr-finder"])
def test_a_command_that_needs_the_pipeline_says_so(programs: Path, command: str) -> None:
    ended = run(programs / "darkroom", command)
    needs = r"needs the environment of the pipeline \([\w.]+ is missing\): `make env` sets it up"
    assert (ended.returncode, ended.stdout) == (1, "") and re.fullmatch(f"darkroom {command} {needs}\n", ended.stderr)


def test_inspect_against_needs_the_pipeline_and_says_so(programs: Path) -> None:
    ended = run(programs / "darkroom", "inspect", str(MODEL), "--against", str(ROOT))
    assert ended.returncode == 1
    assert ended.stderr == "--against needs the environment of the pipeline (ruamel is missing): `make env` sets it up\n"
