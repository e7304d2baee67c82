"""The gate, from end to end on images in colour: a right model passes, and every kind of damage is caught.

Except for the flipped bit the checksum is renewed after the damage, as if export itself had gone wrong: another check must catch it.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.export import canonical
from pipeline import preprocess, verify
from tests.conftest import ROOT
from tests.support.networks import answers, linear, plain, write_candidate

POLICY = ImagePolicy(6, 6, 3, "crop", "area", (0, 0, 0), 10**8)
CLASSES = ("red", "green", "blue")
WEIGHTS = np.random.default_rng(0).normal(0, 1, (6 * 6 * 3, 3))
ENTRY = """\
title: Colours
homepage: https://colours.example
licence: none
citation: none
classes: [red, green, blue]
files: {colours.npz: %s}
sources: [{url: "http://localhost/{file}"}]
"""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves the prepared images for the others."""
    return tmp_path_factory.mktemp("colours") / "data"


@pytest.fixture
def colours(project: Path, first: Path) -> Workspace:
    """A prepared data set of 60 images in colour, and a model that answers as it did in training."""
    workspace = Workspace.at()
    text = (ROOT / "tests" / "smoke.yaml").read_text().replace("digits.yaml", "colours.yaml")
    text = text.replace("{height: 8, width: 8, channels: 1, shape: stretch", "{height: 6, width: 6, channels: 3, shape: crop")
    Path("params.yaml").write_text(text.replace("validation: 0.1", "validation: 0.3"))
    Path("data/catalog/colours.yaml").write_text(ENTRY % ("a" * 64))
    if first.exists():
        shutil.copytree(first, "data", dirs_exist_ok=True)
    else:
        prepare(workspace)
        shutil.copytree("data", first)
    write_candidate(canonical.with_metadata(linear(WEIGHTS, POLICY), plain(POLICY, CLASSES)), workspace)
    validation = Shards(workspace.split("validation"))
    reference = answers(linear(WEIGHTS, POLICY), validation.images(np.arange(len(validation))))
    artifacts.write_array(workspace.reference("tiny"), reference)
    return workspace


def prepare(workspace: Workspace) -> None:
    images, labels = np.random.default_rng(1).integers(0, 256, (60, 9, 12, 3), np.uint8), np.arange(60) % 3
    workspace.raw.mkdir()
    np.savez(workspace.raw / "colours.npz", x_train=images, y_train=labels, x_test=images[:6], y_test=labels[:6])
    preprocess.main([])


def test_what_is_right_passes(colours: Workspace) -> None:
    verify.main(["tiny"])
    report = artifacts.read_json(colours.candidate_report("tiny", "verify"))
    assert report["files"] == 28  # four images in seven kinds of file


def test_a_flipped_bit_is_caught(colours: Workspace) -> None:
    content = bytearray(colours.candidate("tiny").read_bytes())
    content[len(content) // 2] ^= 1
    colours.candidate("tiny").write_bytes(content)
    refused(r"models/tiny/candidate/model.onnx: not the file that export wrote (its SHA-256 differs)", colours)


def test_swapped_class_names_are_caught(colours: Workspace) -> None:
    write_candidate(canonical.with_metadata(linear(WEIGHTS, POLICY), plain(POLICY, ("green", "red", "blue"))), colours)
    refused(
        "models/tiny/candidate/model.onnx: its metadata has classes ('green', 'red', 'blue'), but must have ('red', 'green'",
        colours,
    )


def test_scaling_by_256_is_caught(colours: Workspace) -> None:
    write_candidate(canonical.with_metadata(linear(WEIGHTS, POLICY, 1 / 256), plain(POLICY, CLASSES)), colours)
    refused("onnxruntime and Keras differ by", colours)


def test_blue_for_red_in_the_network_is_caught(colours: Workspace) -> None:
    backwards = WEIGHTS.reshape(6, 6, 3, 3)[:, :, ::-1].reshape(-1, 3)
    write_candidate(canonical.with_metadata(linear(backwards, POLICY), plain(POLICY, CLASSES)), colours)
    refused("onnxruntime and Keras disagree on", colours)


def test_an_edited_image_policy_is_caught(colours: Workspace) -> None:
    write_candidate(canonical.with_metadata(linear(WEIGHTS, POLICY), plain(replace(POLICY, shape="stretch"), CLASSES)), colours)
    refused("models/tiny/candidate/model.onnx: its metadata has image_policy ImagePolicy(height=6", colours)


def test_a_file_gate_without_files_is_no_gate(colours: Workspace) -> None:
    rows = colours.index.read_text().splitlines(keepends=True)
    colours.index.write_text("".join(row for row in rows if not row.startswith("validation/")))
    refused("data/prepared/index.csv: not the index of data/catalog/colours.yaml; run `dvc repro preprocess`", colours)


def refused(line: str, workspace: Workspace) -> None:
    with pytest.raises(DarkroomError) as error:
        verify.main(["tiny"])
    assert line in str(error.value)
    assert "\n" not in str(error.value)
    assert not workspace.candidate_report("tiny", "verify").exists()
