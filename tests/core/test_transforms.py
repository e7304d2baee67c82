"""Albumentations as a function of a seed, refused before any work where it cannot work."""

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.core.transforms import Pipeline, Plain, check

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 9, 9, 3), np.uint8)


def test_a_chain_is_a_function_of_its_seed() -> None:
    chain = Pipeline([{"Affine": {"rotate": [-30, 30], "p": 1}}, {"RandomBrightnessContrast": {"p": 0.5}}], "augment")
    assert np.array_equal(chain(IMAGES, 3), chain(IMAGES, 3))
    assert not np.array_equal(chain(IMAGES, 3), chain(IMAGES, 4))


def test_no_transforms_change_nothing() -> None:
    assert Pipeline([], "augment")(IMAGES, 0) is IMAGES


def test_a_missing_library_is_asked_for_by_name() -> None:
    program = """
import sys; sys.modules["albumentations"] = None
from darkroom.core.errors import DarkroomError
from darkroom.core.transforms import Pipeline
try: Pipeline([{"CLAHE": {"p": 1}}], "m.onnx: preprocess")
except DarkroomError as error: print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert done == "m.onnx: preprocess: CLAHE: install albumentations==2.0.8, which makes these transforms\n"


def test_transforms_draw_apart() -> None:
    image = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
    flips = Pipeline([{"HorizontalFlip": {"p": 0.5}}, {"VerticalFlip": {"p": 0.5}}], "augment")
    counts = Counter(tuple(flipped.ravel().tolist()) for flipped in flips(np.repeat(image, 200, axis=0), 0))
    assert set(counts) == {(0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0)}
    assert min(counts.values()) > 30


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ({"ISONoise": {"p": 0.01}}, r"^augment: ISONoise: [^\n]+$"),
        ({"RandomCrop": {"height": 32, "width": 32, "p": 0.01}}, r"^augment: RandomCrop: [^\n]+$"),
        (
            {"CenterCrop": {"height": 6, "width": 6, "p": 0.01}},
            r"^augment: CenterCrop gives uint8 \(6, 6, 1\), not uint8 \(9, 9, 1\)$",
        ),
        ({"HorizontalFlip": {"p": 5}}, r"^augment: HorizontalFlip: p; Input should be less than or equal to 1$"),
        ({"CoarseDropout": {"fill": "nonsense"}}, r"^augment: CoarseDropout: [^\n]+$"),
    ],
)
def test_what_cannot_work_on_these_images_is_refused_before_it_happens(call: Plain, line: str) -> None:
    with pytest.raises(DarkroomError, match=line):
        check([call], IMAGES[:1, ..., :1], ["augment"])
