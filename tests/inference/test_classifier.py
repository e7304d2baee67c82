"""A finished model answers files, bytes and pixels alike, and refuses what it cannot answer."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.inference.classifier import Classifier
from tests.conftest import ROOT
from tests.support.networks import linear, plain, save

MODEL = ROOT / "models" / "cnn" / "model.onnx"
BOOT = ROOT / "tests" / "boot.png"  # test image 0 of Fashion-MNIST, an ankle boot


def test_a_file_its_bytes_and_its_pixels_get_one_answer() -> None:
    classifier = Classifier(MODEL)
    pixels = cv2.imread(str(BOOT), cv2.IMREAD_GRAYSCALE)
    answers = classifier.predict([str(BOOT), BOOT, BOOT.read_bytes(), np.asarray(pixels, np.uint8)])
    assert [answer.label for answer in answers] == ["Ankle boot"] * 4
    assert len(set(answers)) == 1
    assert sum(answers[0].probabilities) == pytest.approx(1, abs=1e-5)
    assert classifier.predict([]) == []


@pytest.mark.parametrize("one", [str(BOOT), BOOT, BOOT.read_bytes(), np.zeros((28, 28, 3), np.uint8)])
def test_one_image_without_a_list_is_refused(one) -> None:
    with pytest.raises(DarkroomError, match=r"predict takes a list of images; for a single one pass \[image\]"):
        Classifier(MODEL).predict(one)


def test_the_size_of_the_batch_changes_nothing() -> None:
    draw = np.random.default_rng(0)
    mixed = [draw.integers(0, 256, (*size, 3), np.uint8) for size in ((28, 28), (5, 90), (300, 17), (1, 1), (28, 28))]
    classifier = Classifier(MODEL)
    one, many = classifier.predict(mixed, batch=1), classifier.predict(iter(mixed), batch=4)
    assert np.allclose([answer.probabilities for answer in one], [answer.probabilities for answer in many], atol=1e-6)


def test_an_answer_below_the_threshold_is_unsure(tmp_path: Path) -> None:
    policy = ImagePolicy(2, 2, 1, "stretch", "area", (0, 0, 0), 10**8)
    weights = np.array([[4.0, 0, 0], [0, 4, 0], [0, 0, 0], [0, 0, 0]])
    model = Classifier(save(linear(weights, policy), plain(policy, ("left", "right", "none"), 0.6), tmp_path / "m.onnx"))
    left, both = np.array([[255, 0], [0, 0]], np.uint8), np.array([[255, 255], [0, 0]], np.uint8)
    sure, unsure = model.predict([left, both])
    assert (sure.label, unsure.label) == ("left", "unsure")
    assert unsure.probability == max(unsure.probabilities) < 0.6
    assert [name for name, _ in unsure.top(2)] == ["left", "right"]


def test_a_model_without_our_metadata_is_refused(tmp_path: Path) -> None:
    model = onnx.load(MODEL)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(DarkroomError, match=r"m.onnx: not a model of this pipeline"):
        Classifier(tmp_path / "m.onnx")


@pytest.mark.parametrize(("height", "classes"), [(3, ("a", "b", "c")), (2, ("a", "b"))])
def test_metadata_of_another_network_is_refused(tmp_path: Path, height: int, classes: tuple[str, ...]) -> None:
    policy = ImagePolicy(2, 2, 1, "stretch", "area", (0, 0, 0), 10**8)
    stamp = plain(replace(policy, height=height), classes)
    path = save(linear(np.zeros((4, 3)), policy), stamp, tmp_path / "m.onnx")
    with pytest.raises(
        DarkroomError, match=r"m.onnx: its metadata has height, width, channels and classes \[.*\], its network \[2, 2"
    ):
        Classifier(path)


def test_an_image_without_a_name_is_named_by_its_number() -> None:
    with pytest.raises(DarkroomError, match=r"^image 2: not an image that Pillow or OpenCV can decode$"):
        Classifier(MODEL).predict([BOOT.read_bytes(), b"no image"])
    with pytest.raises(DarkroomError, match=r"^image 1: expected a file name, bytes or uint8 pixels, not int$"):
        Classifier(MODEL).predict([3])  # type: ignore[list-item]


def test_an_error_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("darkroom.data.images.decoding.orientation.normalize", broken)
    with pytest.raises(ValueError, match="^a bug$"):
        Classifier(MODEL).predict([BOOT])
