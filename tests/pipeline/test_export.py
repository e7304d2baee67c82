"""The export stage: the same bytes from every process, calibrated, and it says so."""

import json
from pathlib import Path

import numpy as np
import pytest

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.evaluation import calibration, metrics
from darkroom.inference.classifier import Classifier
from pipeline import export, train
from tests.conftest import ROOT, WORKSPACE, Run

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def trained(project: Path) -> None:
    """What export reads: a model that flips, trained on noise."""
    text = (ROOT / "tests/smoke.yaml").read_text().replace("error_rate: 0.05", "error_rate: null")
    text = text.replace("      - ReLU\n", "      - LayerNormalization\n      - ReLU\n      - LayerNormalization\n")
    WORKSPACE.params.write_text(text.replace("flip_averaging: false", "flip_averaging: true"))
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), np.uint8)
    for split in ("train", "validation"):
        shards.write(WORKSPACE.split(split), iter(images), np.arange(20) % 10)
    classes = [str(digit) for digit in range(10)]
    artifacts.write_json(WORKSPACE.classes, {"classes": classes})
    artifacts.write_json(WORKSPACE.data_summary, {"classes": classes, "title": "Test", "licence": "MIT"})
    train.main(["tiny"])


@pytest.mark.usefixtures("trained")
def test_two_processes_and_two_exports_in_one_give_the_same_bytes(run: Run) -> None:
    assert run("pipeline.export", "tiny", PYTHONHASHSEED="0").returncode == 0  # that of this process is random
    exported = [WORKSPACE.candidate("tiny").read_bytes()]
    for _ in range(2):
        export.main(["tiny"])
        exported.append(WORKSPACE.candidate("tiny").read_bytes())
    assert len(set(exported)) == 1
    one_pass = 6 * 6 * 8 * 3 * 3 + 6 * 6 * 8 * 10
    assert json.loads(WORKSPACE.candidate_report("tiny", "export").read_text())["multiply_adds"] == 2 * one_pass


@pytest.mark.usefixtures("trained")
def test_an_export_is_calibrated_and_says_so() -> None:
    export.main(["tiny"])
    metadata, answers = Classifier(WORKSPACE.candidate("tiny")).metadata, np.load(WORKSPACE.reference("tiny"))
    assert metadata.temperature != 1
    assert (metadata.unsure_below, metadata.error_rate) == (None, None)
    WORKSPACE.params.write_text(WORKSPACE.params.read_text().replace("calibrate: true", "calibrate: false"))
    export.main(["tiny"])
    assert Classifier(WORKSPACE.candidate("tiny")).metadata.temperature == 1
    untouched = np.load(WORKSPACE.reference("tiny"))
    assert np.allclose(calibration.temperature_scaled(untouched, metadata.temperature), answers, atol=1e-5)
    labels = Shards(WORKSPACE.split("validation")).labels
    assert metrics.log_loss(labels, answers) < metrics.log_loss(labels, untouched)


def test_a_model_that_is_not_trained_is_one_line(project: Path) -> None:
    WORKSPACE.params.write_text((ROOT / "tests/smoke.yaml").read_text())
    with pytest.raises(DarkroomError, match=r"^models/tiny/model.keras: no such file; run `dvc repro train@tiny`$"):
        export.main(["tiny"])
