"""Albumentations as a function of a seed; an unusable transform is rejected before any work is done."""

import subprocess
import sys
from collections import Counter
from typing import Any

import albumentations
import numpy as np
import pytest

from darkroom.config import vocabulary
from darkroom.core.errors import DarkroomError
from darkroom.core.transforms import Pipeline, Step, check, is_transform

FLIPS = [Step("HorizontalFlip", {"p": 0.5}, "augment[0]"), Step("VerticalFlip", {"p": 0.5}, "augment[1]")]
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 9, 9, 3), np.uint8)


def test_a_chain_is_a_function_of_its_seed() -> None:
    chain = Pipeline([Step("Affine", {"rotate": [-30, 30], "p": 1}, ""), Step("RandomBrightnessContrast", {"p": 0.5}, "")])
    assert np.array_equal(chain(IMAGES, 3), chain(IMAGES, 3))
    assert not np.array_equal(chain(IMAGES, 3), chain(IMAGES, 4))


def test_no_transforms_change_nothing() -> None:
    assert Pipeline([])(IMAGES, 0) is IMAGES


def test_a_missing_library_is_asked_for_by_name() -> None:
    program = """
import sys; sys.modules["albumentations"] = None
from darkroom.core.errors import DarkroomError
from darkroom.core.transforms import Pipeline, Step
try: Pipeline([Step("CLAHE", {"p": 1}, "m.onnx: CLAHE")])
except DarkroomError as error: print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert done == "m.onnx: CLAHE: install albumentations==2.0.8, which provides this transform\n"


def test_transforms_draw_different_numbers() -> None:
    image = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
    flips = Pipeline(FLIPS)
    counts = Counter(tuple(flipped.ravel().tolist()) for flipped in flips(np.repeat(image, 200, axis=0), 0))
    assert set(counts) == {(0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (3, 2, 1, 0)}
    assert min(counts.values()) > 30


@pytest.mark.parametrize(
    ("name", "arguments", "line"),
    [
        ("ISONoise", {"p": 0.01}, r"[^\n]+"),
        ("ChannelDropout", {"p": 0.01}, r"[^\n]+"),
        ("RandomCrop", {"height": 32, "width": 32, "p": 0.01}, r"[^\n]+"),
        ("CenterCrop", {"height": 6, "width": 6, "p": 0.01}, r"the result is uint8 \(6, 6, 1\), not uint8 \(9, 9, 1\)"),
        ("HorizontalFlip", {"p": 5}, "p; Input should be less than or equal to 1"),
        ("CoarseDropout", {"fill": "nonsense"}, r"[^\n]+"),
    ],
)
def test_what_cannot_work_on_these_images_is_rejected_even_if_it_is_rarely_applied(
    name: str, arguments: dict[str, Any], line: str
) -> None:
    with pytest.raises(DarkroomError, match=rf"^augment\[1\]: {line}$"):
        check([FLIPS[0], Step(name, arguments, "augment[1]")], IMAGES[:1, ..., :1])


def test_an_error_of_a_chain_names_all_its_steps() -> None:
    crop = Step("CenterCrop", {"height": 6, "width": 6, "p": 1.0}, "augment[2]")
    with pytest.raises(DarkroomError, match=r"^augment\[0\], augment\[1\], augment\[2\]: the result is uint8 \(6, 6, 3\), not"):
        Pipeline([*FLIPS, crop])(IMAGES, 0)


@pytest.mark.parametrize(
    "name", ["check_for_updates", "load", "from_dict", "Compose", "OneOf", "FDA", "TextImage", "Lambda", "none"]
)
def test_what_is_no_transform_of_an_image_is_not_called(name: str) -> None:
    with pytest.raises(DarkroomError, match=f"^m.onnx: {name}: not a transform of images$"):
        Pipeline([Step(name, {"x": "/etc/passwd"}, f"m.onnx: {name}")])


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(DarkroomError, match="^m.onnx: blur: HorizontalFlip has no argument of that name$"):
        Pipeline([Step("HorizontalFlip", {"p": 1, "blur": 3}, "m.onnx")])


def test_what_a_model_may_name_is_what_params_yaml_may_name() -> None:
    names = {name for name in dir(albumentations) if is_transform(getattr(albumentations, name))}
    assert names == vocabulary.transforms().keys()
