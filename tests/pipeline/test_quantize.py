"""Smaller files are kept where they are small and accurate enough, or are absent with the reason. No TensorFlow."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.export import canonical
from darkroom.inference.classifier import Classifier
from darkroom.inference.metadata import Metadata
from darkroom.verification import verified_models
from pipeline import quantize
from tests.conftest import ROOT
from tests.support.networks import answers, linear, plain, with_a_sensitive_layer, write_candidate

POLICY = ImagePolicy(8, 8, 1, "stretch", "area", (0, 0, 0), 10**8)
CLASSES = tuple("0123456789")
DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (200, 8, 8, 1), np.uint8)


def prepare(model: onnx.ModelProto, forms: str = "[int8]", drop: float = 0.02, metadata: Metadata | None = None) -> Workspace:
    """A verified candidate that is right on every prepared image."""
    workspace = Workspace.at()
    text = (ROOT / "tests" / "smoke.yaml").read_text()
    text = text.replace("forms: [int8], images: 64, largest_drop: 0.05", f"forms: {forms}, images: 64, largest_drop: {drop}")
    Path("params.yaml").write_text(text)
    for split in ("train", "validation"):
        shards.write(workspace.split(split), iter(IMAGES), answers(model, IMAGES).argmax(axis=1))
    content = canonical.with_metadata(model, metadata or plain(POLICY, CLASSES))
    write_candidate(content, workspace)
    exported = artifacts.read_json(workspace.candidate_report("tiny", "export"))
    artifacts.write_json(workspace.candidate_report("tiny", "verify"), {"sha256": exported["sha256"]})
    return workspace


def quantized(workspace: Workspace) -> dict:
    """Runs the stage; its report."""
    quantize.main(["tiny"])
    return artifacts.read_json(workspace.candidate_report("tiny", "quantize"))


WIDE = DRAW.normal(0, 1, (64, 500))


def padded(weights: np.ndarray) -> np.ndarray:
    """Many classes, so that the file is large enough to gain by int8; the last 490 are never the answer."""
    return np.concatenate([weights[:, :10], np.full((64, 490), -1.0)], axis=1)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.pipeline.test_quantize.CLASSES", tuple(str(number) for number in range(500)))


def test_what_is_smaller_and_as_good_is_kept(project: Path, many: None) -> None:
    workspace = prepare(linear(padded(WIDE), POLICY), "[int8, float16]", 0.05)
    report = quantized(workspace)
    assert report["int8"]["kept"] and report["float16"]["kept"]
    assert report["int8"]["reason"].startswith("kept, per ")
    small = Classifier(workspace.candidate_quantized("tiny") / "model.int8.onnx")
    assert (small.metadata.precision, small.metadata.opset) == ("int8", 18)
    candidate = verified_models.candidate(workspace, "tiny")
    assert len(candidate.quantized()["int8"]) < 0.5 * len(candidate.content())
    assert len(candidate.quantized()["float16"]) < 0.7 * len(candidate.content())
    exact, rounded = answers(linear(padded(WIDE), POLICY), IMAGES), small.predict(list(IMAGES))
    assert (
        np.mean([it.probabilities[top] == it.probability for it, top in zip(rounded, exact.argmax(axis=1), strict=True)]) > 0.95
    )


def test_unsure_means_the_same_in_the_smaller_file(project: Path, many: None) -> None:
    """Rounding moves probabilities, so each file has a threshold of its own."""
    metadata = replace(plain(POLICY, CLASSES), error_rate=0.05)
    workspace = prepare(linear(padded(WIDE), POLICY), drop=0.2, metadata=metadata)
    labels = Shards(workspace.split("validation")).labels.copy()
    labels[:40] = 0  # errors, so that there is something to withhold
    artifacts.write_array(workspace.split("validation") / "labels.npy", labels)
    assert quantized(workspace)["int8"]["kept"]
    small = Classifier(workspace.candidate_quantized("tiny") / "model.int8.onnx")
    answered = [
        (it.label != "unsure", it.top(1)[0][0] != str(label))
        for it, label in zip(small.predict(list(IMAGES)), labels, strict=True)
    ]
    errors = [wrong for is_sure, wrong in answered if is_sure]
    assert 0 < len(errors) < len(labels)
    assert np.mean(errors) <= 0.05


def test_what_is_not_smaller_is_absent(project: Path) -> None:
    # a few weights: the scales and types of int8 take more room than they save
    workspace = prepare(linear(np.eye(64, 3), POLICY), drop=0.9)
    report = quantized(workspace)["int8"]
    assert not report["kept"]
    assert report["reason"].startswith("not kept, per ")
    assert min(trial["bytes"] for trial in report["tried"]) >= len(verified_models.candidate(workspace, "tiny").content())
    assert list(workspace.candidate_quantized("tiny").iterdir()) == []
    assert verified_models.candidate(workspace, "tiny").quantized() == {}


def test_what_costs_accuracy_is_absent(project: Path, monkeypatch: pytest.MonkeyPatch, many: None) -> None:
    """One weight so large that all others round to nothing, on a pixel that is always dark."""
    monkeypatch.setattr(
        "tests.pipeline.test_quantize.IMAGES", np.where(np.arange(64).reshape(8, 8, 1) == 0, 0, IMAGES).astype(np.uint8)
    )
    weights = padded(WIDE)
    weights[0] = 1e4
    workspace = prepare(linear(weights, POLICY), drop=0.01)
    report = quantized(workspace)["int8"]
    assert not report["kept"]
    assert [trial["form"] for trial in report["tried"]] == ["per tensor", "per channel"]
    assert max(trial["accuracy"] for trial in report["tried"]) < 0.9
    assert "accuracy on validation" in report["reason"]


def test_no_form_in_params_gives_no_file(project: Path) -> None:
    workspace = prepare(linear(WIDE[:, :10], POLICY), "[]")
    workspace.candidate_quantized("tiny").mkdir(parents=True)
    (workspace.candidate_quantized("tiny") / "model.int8.onnx").write_bytes(b"left over")
    assert list(quantized(workspace)) == ["float32"]
    assert list(workspace.candidate_quantized("tiny").iterdir()) == []


def test_a_file_that_quantize_did_not_keep_is_refused(project: Path, many: None) -> None:
    workspace = prepare(linear(padded(WIDE), POLICY), drop=0.05)
    quantized(workspace)
    (workspace.candidate_quantized("tiny") / "model.int8.onnx").write_bytes(b"another")
    with pytest.raises(
        DarkroomError,
        match=r"models/tiny/candidate/quantized/model.int8.onnx: not the file that quantize kept; run `dvc repro q",
    ):
        verified_models.candidate(workspace, "tiny").quantized()


def test_leaving_the_sensitive_layer_out_can_save_a_form(project: Path) -> None:
    workspace = prepare(with_a_sensitive_layer(), drop=0.05)
    report = quantized(workspace)["int8"]
    assert [trial["form"] for trial in report["tried"]] == ["per tensor", "per channel", "per channel without sensitive"]
    assert report["kept"] and "without sensitive" in report["reason"]
