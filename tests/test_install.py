"""The plain install: what a user of a finished model gets. A new environment from the package's own metadata."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.network
MODEL = ROOT / "models" / "cnn" / "model.onnx"
BOOT = ROOT / "tests" / "boot.png"
ABSENT = ("tensorflow", "keras", "pandas", "onnx", "dvc", "pydantic", "ruamel", "albumentations", "scipy", "sklearn")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the package and what it asks for, in the versions of the lock."""
    folder = tmp_path_factory.mktemp("plain")
    for name in ("pyproject.toml", "README.md", "LICENSE"):  # a copy: setuptools builds in the place
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    python = folder / "env" / "bin" / "python"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    for words in (
        ["venv", "--python", sys.executable, str(folder / "env")],
        ["pip", "install", "--python", str(python), "--constraints", str(ROOT / "requirements.txt"), str(folder)],
    ):
        subprocess.run([*uv, *words], check=True, cwd=folder)
    return python


def run(python: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run([python, *words], cwd=python.parent, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("name", ABSENT)
def test_what_training_needs_is_absent(python: Path, name: str) -> None:
    assert f"No module named '{name}'" in run(python, "-c", f"import {name}").stderr


def test_predict_answers(python: Path) -> None:
    ended = run(python, "-m", "darkroom.commands.predict", str(MODEL), str(BOOT))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split()[1:3] == ["Ankle", "boot"]


def test_inspect_answers(python: Path) -> None:
    ended = run(python, "-m", "darkroom.commands.inspect_model", str(MODEL))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Fashion-MNIST" in ended.stdout


def test_what_needs_the_pipeline_says_so(python: Path) -> None:
    ended = run(python, "-m", "darkroom.commands.inspect_model", str(MODEL), "--against", str(ROOT))
    assert ended.returncode == 1
    assert ended.stderr == "--against needs the environment of the pipeline (pydantic is missing): `make env` sets it up\n"
