"""An image from any kind of file has the same pixels as in training, and every kind of damage is caught."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import images
from darkroom.data.images import orientation
from darkroom.inference.classifier import Classifier
from darkroom.verification import file_parity
from tests.support.encoders import saved
from tests.support.networks import answers, linear, plain, save

POLICY = ImagePolicy(6, 6, 3, "crop", "area", (0, 0, 0), 10**8)
CLASSES = ("red", "green", "blue")
WEIGHTS = np.random.default_rng(0).normal(0, 1, (6 * 6 * 3, 3))
IMAGE = np.random.default_rng(2).integers(0, 256, (9, 12, 3), np.uint8)


def through_files(model: Classifier) -> int:
    """Compares what a classifier reads from files with the input of the network in training."""
    prepared = images.conform(IMAGE, POLICY)
    keras = answers(linear(WEIGHTS, POLICY), prepared[np.newaxis])[0]
    return file_parity.compare(model, IMAGE, prepared, keras, "validation/000000", 1e-5)


def classifier(folder: Path, policy: ImagePolicy = POLICY) -> Classifier:
    return Classifier(save(linear(WEIGHTS, POLICY), plain(policy, CLASSES), folder / "m.onnx"))


def test_files_of_every_kind_give_the_pixels_of_training(tmp_path: Path) -> None:
    assert through_files(classifier(tmp_path)) == 7


@pytest.mark.parametrize("policy", [replace(POLICY, shape="stretch"), replace(POLICY, interpolation="nearest")])
def test_another_policy_is_caught(tmp_path: Path, policy: ImagePolicy) -> None:
    with pytest.raises(
        DarkroomError, match=r"as a file \(plain\): the pixels differ from those of training: \d+ of 108 values$"
    ):
        through_files(classifier(tmp_path, policy))


def test_blue_for_red_in_reading_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orientation, "_opaque", lambda pixels, _: pixels[..., 2::-1])
    with pytest.raises(
        DarkroomError, match=r"validation/000000 as a file \(with alpha\): the pixels differ from those of training"
    ):
        through_files(classifier(tmp_path))


def test_another_background_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opaque = orientation._opaque
    monkeypatch.setattr(orientation, "_opaque", lambda pixels, _: opaque(pixels, (0, 0, 9)))
    with pytest.raises(DarkroomError, match=r"as a file \(half-transparent\): the pixels differ from those of training"):
        through_files(classifier(tmp_path))


def test_a_forgotten_rotation_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orientation, "TURNS", {})
    with pytest.raises(DarkroomError, match=r"validation/000000 as a file \(rotated by EXIF\): the pixels differ from those"):
        through_files(classifier(tmp_path))


def test_another_answer_to_the_same_pixels_is_caught(tmp_path: Path) -> None:
    keras = np.array([0.2, 0.3, 0.5], np.float32)
    with pytest.raises(
        DarkroomError, match=r"as a file \(plain\): the answer differs from Keras's by .* \(verify.largest_diff"
    ):
        file_parity.compare(classifier(tmp_path), IMAGE, images.conform(IMAGE, POLICY), keras, "validation/000000", 1e-5)


def test_an_original_file_is_checked_too(tmp_path: Path) -> None:
    content = saved(IMAGE, "JPEG")
    prepared = images.decode(content, POLICY)
    keras = answers(linear(WEIGHTS, POLICY), prepared[np.newaxis])[0]
    assert file_parity.compare(classifier(tmp_path), content, prepared, keras, "validation/000000", 1e-5) == 8
    with pytest.raises(
        DarkroomError, match=r"validation/000000 as a file \(original\): the pixels differ from those of training"
    ):
        file_parity.compare(classifier(tmp_path), content, prepared ^ 1, keras, "validation/000000", 1e-5)


def test_an_image_in_grey_comes_in_every_kind_of_file(tmp_path: Path) -> None:
    grey, policy = IMAGE[..., 0], replace(POLICY, channels=1)
    model = Classifier(save(linear(WEIGHTS[:36], policy), plain(policy, CLASSES), tmp_path / "m.onnx"))
    prepared = images.conform(grey, policy)
    keras = answers(linear(WEIGHTS[:36], policy), prepared[np.newaxis])[0]
    assert file_parity.compare(model, grey, prepared, keras, "validation/000000", 1e-5) == 7
