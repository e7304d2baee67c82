"""The gate, from end to end on pictures in colour: what is right passes, and every kind of damage is caught.

But for the flipped bit the checksum is made new after the damage, as if export itself had gone wrong: another check must catch it.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import images
from darkroom.data.images import orientation
from darkroom.data.shards import Shards
from darkroom.export import canonical
from darkroom.inference.classifier import Classifier
from darkroom.verification import file_parity
from pipeline import preprocess, verify
from tests.conftest import ROOT
from tests.support.encoders import saved
from tests.support.networks import answers, linear, plain, save, ship

POLICY = ImagePolicy(6, 6, 3, "crop", "area", (0, 0, 0), 10**8)
CLASSES = ("red", "green", "blue")
WEIGHTS = np.random.default_rng(0).normal(0, 1, (6 * 6 * 3, 3))
RECIPE = """\
title: Colours
homepage: none
licence: none
citation: none
classes: [red, green, blue]
files: {colours.npz: %s}
sources: [{url: "http://localhost/{file}"}]
"""


@pytest.fixture
def colours(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared data set of 60 coloured pictures, and a model that answers as it did in training."""
    text = (ROOT / "tests" / "smoke.yaml").read_text().replace("digits.yaml", "colours.yaml")
    text = text.replace("{height: 8, width: 8, channels: 1, shape: stretch", "{height: 6, width: 6, channels: 3, shape: crop")
    Path("params.yaml").write_text(text.replace("validation: 0.1", "validation: 0.3"))
    Path("data/catalog/colours.yaml").write_text(RECIPE % ("a" * 64))
    pictures, labels = np.random.default_rng(1).integers(0, 256, (60, 9, 12, 3), np.uint8), np.arange(60) % 3
    paths.RAW.mkdir()
    np.savez(paths.RAW / "colours.npz", x_train=pictures, y_train=labels, x_test=pictures[:6], y_test=labels[:6])
    monkeypatch.setattr(sys, "argv", ["preprocess"])
    preprocess.main()
    monkeypatch.setattr(sys, "argv", ["verify", "tiny"])
    ship(canonical.stamped(linear(WEIGHTS, POLICY), plain(POLICY, CLASSES)))
    artifacts.write_array(paths.reference("tiny"), answers(linear(WEIGHTS, POLICY), validation()))
    return project


def validation() -> np.ndarray:
    split = Shards(paths.prepared("validation"))
    return split.images(np.arange(len(split)))


def test_what_is_right_passes(colours: Path) -> None:
    verify.main()
    assert '"files": 28' in paths.verdict("tiny").read_text()  # four pictures in seven kinds of file


def test_a_flipped_bit_is_caught(colours: Path) -> None:
    content = bytearray(paths.onnx("tiny").read_bytes())
    content[len(content) // 2] ^= 1
    paths.onnx("tiny").write_bytes(content)
    refused(r"models/tiny/model.onnx: not the file that export wrote (its SHA-256 differs)")


def test_swapped_class_names_are_caught(colours: Path) -> None:
    ship(canonical.stamped(linear(WEIGHTS, POLICY), plain(POLICY, ("green", "red", "blue"))))
    refused("models/tiny/model.onnx: its metadata has classes ('green', 'red', 'blue'), it should be ('red', 'green'")


def test_scaling_by_256_is_caught(colours: Path) -> None:
    ship(canonical.stamped(linear(WEIGHTS, POLICY, 1 / 256), plain(POLICY, CLASSES)))
    refused("onnxruntime and Keras differ by")


def test_blue_for_red_in_the_network_is_caught(colours: Path) -> None:
    backwards = WEIGHTS.reshape(6, 6, 3, 3)[:, :, ::-1].reshape(-1, 3)
    ship(canonical.stamped(linear(backwards, POLICY), plain(POLICY, CLASSES)))
    refused("onnxruntime and Keras disagree on")


def test_an_edited_image_policy_is_caught(colours: Path) -> None:
    ship(canonical.stamped(linear(WEIGHTS, POLICY), plain(replace(POLICY, shape="stretch"), CLASSES)))
    refused("models/tiny/model.onnx: its metadata has image_policy ImagePolicy(height=6")


def test_a_file_gate_without_files_is_no_gate(colours: Path) -> None:
    rows = paths.INDEX.read_text().splitlines(keepends=True)
    paths.INDEX.write_text("".join(row for row in rows if not row.startswith("validation/")))
    refused("data/prepared/index.csv: not the index of data/catalog/colours.yaml; run `dvc repro preprocess`")


def refused(line: str) -> None:
    with pytest.raises(DarkroomError) as refusal:
        verify.main()
    assert line in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not paths.verdict("tiny").exists()


PICTURE = np.random.default_rng(2).integers(0, 256, (9, 12, 3), np.uint8)


def through_files(model: Classifier) -> int:
    """Holds a classifier's way with files to what training made of the picture."""
    prepared = images.conform(PICTURE, POLICY)
    keras = answers(linear(WEIGHTS, POLICY), prepared[np.newaxis])[0]
    return file_parity.compare(model, PICTURE, prepared, keras, "validation/000000", 1e-5)


def classifier(folder: Path, policy: ImagePolicy = POLICY) -> Classifier:
    return Classifier(save(linear(WEIGHTS, POLICY), plain(policy, CLASSES), folder / "m.onnx"))


def test_files_of_every_kind_give_the_pixels_of_training(tmp_path: Path) -> None:
    assert through_files(classifier(tmp_path)) == 7


@pytest.mark.parametrize("policy", [replace(POLICY, shape="stretch"), replace(POLICY, interpolation="nearest")])
def test_another_policy_gives_other_pixels(tmp_path: Path, policy: ImagePolicy) -> None:
    with pytest.raises(DarkroomError, match=r"validation/000000 as a file \(plain\): the pixels are not those of training"):
        through_files(classifier(tmp_path, policy))


def test_blue_for_red_in_reading_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orientation, "_opaque", lambda pixels, _: pixels[..., 2::-1])
    with pytest.raises(
        DarkroomError, match=r"validation/000000 as a file \(with alpha\): the pixels are not those of training"
    ):
        through_files(classifier(tmp_path))


def test_another_background_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opaque = orientation._opaque
    monkeypatch.setattr(orientation, "_opaque", lambda pixels, _: opaque(pixels, (0, 0, 9)))
    with pytest.raises(DarkroomError, match=r"as a file \(half transparent\): the pixels are not those of training"):
        through_files(classifier(tmp_path))


def test_a_forgotten_rotation_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orientation, "TURNS", {})
    with pytest.raises(DarkroomError, match=r"validation/000000 as a file \(rotated by EXIF\): the pixels are not those"):
        through_files(classifier(tmp_path))


def test_another_answer_to_the_same_pixels_is_caught(tmp_path: Path) -> None:
    keras = np.array([0.2, 0.3, 0.5], np.float32)
    with pytest.raises(
        DarkroomError, match=r"as a file \(plain\): the answer differs from Keras's by .* \(verify.largest_diff"
    ):
        file_parity.compare(classifier(tmp_path), PICTURE, images.conform(PICTURE, POLICY), keras, "validation/000000", 1e-5)


def test_a_photograph_is_a_file_too(tmp_path: Path) -> None:
    content = saved(PICTURE, "JPEG")
    prepared = images.decode(content, POLICY)
    keras = answers(linear(WEIGHTS, POLICY), prepared[np.newaxis])[0]
    assert file_parity.compare(classifier(tmp_path), content, prepared, keras, "validation/000000", 1e-5) == 8
    with pytest.raises(DarkroomError, match=r"validation/000000 as a file \(its own\): the pixels are not those of training"):
        file_parity.compare(classifier(tmp_path), content, prepared ^ 1, keras, "validation/000000", 1e-5)


def test_a_picture_in_grey_comes_in_every_kind_of_file(tmp_path: Path) -> None:
    grey, policy = PICTURE[..., 0], replace(POLICY, channels=1)
    model = Classifier(save(linear(WEIGHTS[:36], policy), plain(policy, CLASSES), tmp_path / "m.onnx"))
    prepared = images.conform(grey, policy)
    keras = answers(linear(WEIGHTS[:36], policy), prepared[np.newaxis])[0]
    assert file_parity.compare(model, grey, prepared, keras, "validation/000000", 1e-5) == 7
