"""The whole pipeline on the 1,797 real digits that scikit-learn ships: `make smoke`."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = [pytest.mark.smoke, pytest.mark.tensorflow]


def dvc(*words: str) -> str:
    ended = subprocess.run(["dvc", *words], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_from_download_to_a_page_and_then_nothing_to_do(project: Path) -> None:
    shutil.copy(ROOT / "tests" / "smoke.yaml", "params.yaml")
    (project / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc" / "config", ".dvc/config")
    dvc("config", "core.no_scm", "true")
    ran = dvc("repro")
    assert ran.count("Running stage") == 7
    metrics = json.loads(Path("reports/metrics/tiny.json").read_text())
    assert metrics["accuracy"] > 0.6
    assert metrics["images"] == 360
    assert json.loads(Path("reports/verify/tiny.json").read_text())["flips"] == 0
    page = Path("reports/index.html").read_text()
    assert "Optical recognition of handwritten digits" in page
    assert "http-equiv" not in page
    assert 'src="http' not in page
    assert "Running stage" not in dvc("repro")
    assert json.loads(dvc("metrics", "show", "--json"))[""]["data"]["reports/metrics/tiny.json"]["data"]["images"] == 360
    damage = bytearray(Path("models/tiny/model.onnx").read_bytes())
    damage[len(damage) // 2] ^= 1
    Path("models/tiny/model.onnx").write_bytes(damage)
    ended = subprocess.run(["python", "-m", "pipeline.verify", "tiny"], capture_output=True, text=True, env=os.environ)
    assert ended.returncode == 1
    assert (
        ended.stderr
        == "models/tiny/model.onnx: not the file that export wrote (its SHA-256 differs); run `dvc repro export@tiny`\n"
    )
