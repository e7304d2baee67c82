"""Smaller files earn their place, or are absent with the reason. No TensorFlow."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from darkroom.config.schema import Quantize
from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.export import canonical, quantization
from darkroom.inference.classifier import Classifier
from darkroom.verification import verified_models
from pipeline import quantize
from pipeline.quantize import Trial
from tests.conftest import ROOT
from tests.support.networks import answers, linear, plain, ship

POLICY = ImagePolicy(8, 8, 1, "stretch", "area", (0, 0, 0), 10**8)
CLASSES = tuple("0123456789")
DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (200, 8, 8, 1), np.uint8)


def prepare(project: Path, model: onnx.ModelProto, forms: str = "[int8]", drop: float = 0.02) -> None:
    """A verified model that is right on every prepared picture."""
    text = (ROOT / "tests" / "smoke.yaml").read_text()
    text = text.replace("forms: [int8], images: 64, largest_drop: 0.05", f"forms: {forms}, images: 64, largest_drop: {drop}")
    Path("params.yaml").write_text(text)
    for split in ("train", "validation"):
        shards.write(paths.prepared(split), iter(IMAGES), answers(model, IMAGES).argmax(axis=1))
    content = canonical.stamped(model, plain(POLICY, CLASSES))
    ship(content)
    artifacts.write_json(paths.verdict("tiny"), {"sha256": json.loads(paths.exported("tiny").read_text())["sha256"]})


def run(monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.setattr(sys, "argv", ["quantize", "tiny"])
    quantize.main()
    return json.loads(paths.quantized("tiny").read_text())


WIDE = DRAW.normal(0, 1, (64, 500))


def padded(weights: np.ndarray) -> np.ndarray:
    """Many classes, so that the file is large enough to gain by int8; the last 490 are never the answer."""
    return np.concatenate([weights[:, :10], np.full((64, 490), -1.0)], axis=1)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.pipeline.test_quantize.CLASSES", tuple(str(number) for number in range(500)))


def test_what_is_smaller_and_as_good_is_kept(project: Path, monkeypatch: pytest.MonkeyPatch, many: None) -> None:
    prepare(project, linear(padded(WIDE), POLICY), "[int8, float16]", 0.05)
    found = run(monkeypatch)
    assert found["int8"]["kept"] and found["float16"]["kept"]
    assert found["int8"]["reason"].startswith("kept, per ")
    small = Classifier(paths.compact("tiny") / "model.int8.onnx")
    assert (small.passport.precision, small.passport.opset) == ("int8", 18)
    assert len(verified_models.compact("tiny")["int8"]) < 0.5 * len(verified_models.content("tiny"))
    assert len(verified_models.compact("tiny")["float16"]) < 0.7 * len(verified_models.content("tiny"))
    exact, rounded = answers(linear(padded(WIDE), POLICY), IMAGES), small.predict(list(IMAGES))
    assert (
        np.mean([it.probabilities[top] == it.probability for it, top in zip(rounded, exact.argmax(axis=1), strict=True)]) > 0.95
    )


def test_unsure_means_the_same_in_the_smaller_file(project: Path, monkeypatch: pytest.MonkeyPatch, many: None) -> None:
    """Rounding moves probabilities, so each file has a threshold of its own."""
    prepare(project, linear(padded(WIDE), POLICY), drop=0.2)
    labels = Shards(paths.prepared("validation")).labels.copy()
    labels[:40] = 0  # errors, so that there is something to withhold
    artifacts.write_array(paths.prepared("validation") / "labels.npy", labels)
    stamp = replace(plain(POLICY, CLASSES), error_rate=0.05)
    ship(canonical.stamped(linear(padded(WIDE), POLICY), stamp))
    artifacts.write_json(paths.verdict("tiny"), {"sha256": json.loads(paths.exported("tiny").read_text())["sha256"]})
    assert run(monkeypatch)["int8"]["kept"]
    small = Classifier(paths.compact("tiny") / "model.int8.onnx")
    sure = [
        (it.label != "unsure", it.top(1)[0][0] != str(label))
        for it, label in zip(small.predict(list(IMAGES)), labels, strict=True)
    ]
    given = [wrong for is_given, wrong in sure if is_given]
    assert 0 < len(given) < len(labels)
    assert np.mean(given) <= 0.05


def test_a_drop_of_just_what_is_allowed_passes() -> None:
    allowed = Quantize(forms=(), images=1, largest_drop=0.005)
    whole = Trial("float32", b"whole", 0.95)
    assert whole.accuracy - 0.945 > 0.005  # in binary fractions
    assert quantize.passes(Trial("a", b"half", 0.945), allowed, whole)
    assert not quantize.passes(Trial("a", b"half", 0.9448), allowed, whole)
    assert not quantize.passes(Trial("a", b"whole", 0.95), allowed, whole)


def test_what_is_not_smaller_is_absent(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(
        project, linear(np.eye(64, 3), POLICY), drop=0.9
    )  # a few weights: the scales and types of int8 take more room than they save
    found = run(monkeypatch)["int8"]
    assert not found["kept"]
    assert found["reason"].startswith("not kept, per ")
    assert min(trial["bytes"] for trial in found["tried"]) >= len(verified_models.content("tiny"))
    assert list(paths.compact("tiny").iterdir()) == []
    assert verified_models.compact("tiny") == {}


def test_what_costs_accuracy_is_absent(project: Path, monkeypatch: pytest.MonkeyPatch, many: None) -> None:
    """One weight so large that all others round to nothing, on a pixel that is always dark."""
    monkeypatch.setattr(
        "tests.pipeline.test_quantize.IMAGES", np.where(np.arange(64).reshape(8, 8, 1) == 0, 0, IMAGES).astype(np.uint8)
    )
    weights = padded(WIDE)
    weights[0] = 1e4
    prepare(project, linear(weights, POLICY), drop=0.01)
    found = run(monkeypatch)["int8"]
    assert not found["kept"]
    assert [trial["form"] for trial in found["tried"]] == ["per tensor", "per channel"]
    assert max(trial["accuracy"] for trial in found["tried"]) < 0.9
    assert "accuracy on validation" in found["reason"]


def test_nothing_is_asked_for_nothing_is_made(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(project, linear(WIDE[:, :10], POLICY), "[]")
    paths.compact("tiny").mkdir()
    (paths.compact("tiny") / "model.int8.onnx").write_bytes(b"left over")
    assert list(run(monkeypatch)) == ["float32"]
    assert list(paths.compact("tiny").iterdir()) == []


def test_a_file_that_quantize_did_not_keep_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch, many: None) -> None:
    prepare(project, linear(padded(WIDE), POLICY), drop=0.05)
    run(monkeypatch)
    (paths.compact("tiny") / "model.int8.onnx").write_bytes(b"another")
    with pytest.raises(
        DarkroomError, match=r"models/tiny/compact/model.int8.onnx: not the file that quantize kept; run `dvc repro q"
    ):
        verified_models.compact("tiny")


def two_layers() -> onnx.ModelProto:
    """Behind a matrix product that rounding does no harm to, one with a row so large that the others round to nothing."""
    weights = DRAW.normal(0, 1, (64, 10))
    weights[0] = 300.0
    model = linear(weights, POLICY)
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.eye(64, dtype=np.float32), "identity"))
    product = next(node for node in model.graph.node if node.op_type == "MatMul")
    product.input[0], product.name = "between", "sensitive"
    model.graph.node.insert(3, onnx.helper.make_node("MatMul", ["flat", "identity"], ["between"], name="harmless"))
    return model


def test_the_layer_that_rounding_hurts_most_is_named_first() -> None:
    assert quantization.sensitive(two_layers(), IMAGES) == ["sensitive", "harmless"]


def test_leaving_the_sensitive_layer_out_can_save_a_form(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(project, two_layers(), drop=0.05)
    found = run(monkeypatch)["int8"]
    assert [trial["form"] for trial in found["tried"]] == ["per tensor", "per channel", "per channel without sensitive"]
    assert found["kept"] and "without sensitive" in found["reason"]


def test_int8_is_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    program = """
import hashlib, sys
import numpy as np
from darkroom.core.image_policy import ImagePolicy
from darkroom.data.shards import Shards
from darkroom.export import canonical, quantization
from tests.support.networks import linear, plain
policy = ImagePolicy(8, 8, 1, "stretch", "area", (0, 0, 0), 10**8)
draw = np.random.default_rng(0)
model = linear(draw.normal(0, 1, (64, 10)), policy)
made = quantization.int8(model, draw.integers(0, 256, (100, 8, 8, 1), np.uint8), quantization.PLAIN[1])
print(hashlib.sha256(canonical.stamped(made, plain(policy, tuple("0123456789")))).hexdigest())
"""
    command = [sys.executable, "-c", program]
    made = {
        subprocess.run(command, cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("0", "1", "2")
    }
    assert len(made) == 1
