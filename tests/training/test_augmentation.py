"""Keras's augmentations on whole batches: pure functions of a seed; labels are mixed as images are."""

from typing import Any

import numpy as np
import pytest

from darkroom.config.calls import augmentation
from darkroom.config.places import assign
from darkroom.core.errors import DarkroomError
from darkroom.training.augmentation import Augmentation
from darkroom.training.batches import one_hot
from tests.conftest import PLACE

pytestmark = pytest.mark.tensorflow


def mixed(name: str, seed: int = 0, **arguments: Any) -> tuple[np.ndarray, np.ndarray]:
    """The result of one of Keras's augmentations on eight black images of class 0 and eight white ones of class 1."""
    images = np.repeat(np.array([0, 255], np.uint8), 8)[:, None, None, None] * np.ones((1, 12, 12, 1), np.uint8)
    call = augmentation({name: arguments})
    assign(call, PLACE.at("augment", 0))
    return Augmentation([call])(images, one_hot(np.repeat([0, 1], 8), 2), seed)


@pytest.mark.parametrize(("name", "arguments"), [("MixUp", {"alpha": 1.0}), ("CutMix", {"factor": [1.0, 1.0]})])
def test_labels_are_mixed_as_the_images_are(name: str, arguments: dict[str, Any]) -> None:
    images, targets = mixed(name, **arguments)
    white = images.reshape(16, -1).mean(axis=1) / 255
    assert np.allclose(white, targets[:, 1], atol=0.5 / 255 if name == "MixUp" else 0.15)  # CutMix: whole pixels
    assert len(set(np.round(white, 3))) > 4 and np.allclose(targets.sum(axis=1), 1)
    shades = {len(np.unique(image)) for image in images}
    assert shades == ({1} if name == "MixUp" else {1, 2})


def test_random_erasing_replaces_a_patch_and_keeps_the_label() -> None:
    images, targets = mixed("RandomErasing", factor=[1.0, 1.0], scale=[0.2, 0.2], fill_value=128.0)
    assert np.array_equal(targets, one_hot(np.repeat([0, 1], 8), 2))
    assert all((image == 128).any() and (image != 128).any() for image in images)


def test_rand_augment_depends_on_the_seed() -> None:
    first, again, other = (mixed("RandAugment", seed, factor=0.8)[0] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_an_error_of_keras_in_mixing_is_one_line() -> None:
    with pytest.raises(DarkroomError, match=r"^params.yaml:7: models.m.augment\[0\].RandomErasing: [^\n]+$"):
        mixed("RandomErasing", fill_value=[0.0, 0.0])
