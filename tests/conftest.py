"""What several tests need: a copy of the project in a folder of its own, and a command in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.params.source import Place, Source

ROOT = Path(__file__).parent.parent
COPIED = ("pipeline", "data/catalog", "benchmarks", "dvc.yaml", "params.yaml", "requirements.txt", ".dvcignore")

PLACE = Place(Source("params.yaml", {}, {("models", "m"): 7}), ("models", "m"))

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


@pytest.fixture
def run() -> Run:
    """Runs `python -m ...` in the working folder and returns what it printed and its exit code."""

    def call(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", *words]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=300)

    return call
