"""What several tests need: a copy of the project in a folder of its own, and a command in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from darkroom.config.model import Model
from darkroom.core.workspace import Workspace
from darkroom.core.yaml_source import Place, Source
from darkroom.launch import backend

backend.configure()  # before any test imports darkroom.training, and with it Keras; JAX runs in subprocesses only

ROOT = Path(__file__).parent.parent
COPIED = ("darkroom", "pipeline", "data/catalog", "benchmarks", "dvc.yaml", "params.yaml", "requirements.txt", ".dvcignore")

WORKSPACE = Workspace(Path(), Path(), Path("params.yaml"))  # the working folder: the copy, where a test has `project`
PLACE = Place(Source("params.yaml", {}, {("models", "m"): 7}), ("models", "m"))

FIT: dict[str, Any] = {
    "epochs": 1,
    "batch_size": 8,
    "optimizer": {"SGD": {"learning_rate": 0.1}},
    "warmup": None,
    "loss": "CategoricalCrossentropy",
    "class_weight": None,
    "callbacks": [],
}


def model_of(fit: dict[str, Any] | None = None, augment: Sequence[Any] = (), **architecture: Any) -> Model:
    """A model as params.yaml has it: its network, and what differs from the plainest training."""
    return Model.model_validate(
        {**architecture, "augment": list(augment), "flip_averaging": False, "fit": {**FIT, **(fit or {})}}
    )


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are no name for a test: they may hold a clock (gzip), and then two workers of pytest-xdist disagree."""
    return argname if isinstance(val, bytes) else None


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the stages need; it becomes the working folder."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, target)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs `python -m ...` in the working folder and returns what it printed and its exit code."""

    def call(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", *words]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=300)

    return call
