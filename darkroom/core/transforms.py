"""Albumentations from params.yaml, for preprocessing, augmentation and prediction alike."""

import os
import random
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError

Pixels = NDArray[np.uint8]
Plain = dict[str, dict[str, Any]]


class Pipeline:
    """A chain of Albumentations transforms that is a function of its seed: same seed, same images, same result.

    `where` is where a user finds the chain: it begins every error message. Raises DarkroomError for arguments that
    Albumentations does not take, or where it is not installed.
    """

    def __init__(self, calls: Sequence[Plain], where: str) -> None:
        self.calls, self.where = list(calls), where
        self.compose: Any = None
        if self.calls:
            self.compose, crop_size_error = _compose(self.calls, where)
            self.errors = (ValueError, TypeError, KeyError, crop_size_error, cv2.error)

    def __call__(self, images: Pixels, seed: int) -> Pixels:
        """Transforms uint8 N x H x W x C, drawing from generators that start at `seed`.

        Raises DarkroomError for a transform that fails on these images, or that changes their size or type.
        """
        if self.compose is None:
            return images
        # One generator for the chain: seeded apart, all transforms would draw the same numbers and move in step.
        self.compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        results = [self._one(image) for image in images]
        for result in results:
            if result.shape != images.shape[1:] or result.dtype != np.uint8:
                expected = f"uint8 {images.shape[1:]}"
                raise DarkroomError(f"{self.where}: {self._names()} gives {result.dtype} {result.shape}, not {expected}")
        return np.stack(results)

    def _one(self, image: Pixels) -> Pixels:
        try:
            return np.asarray(self.compose(image=image)["image"])
        except self.errors as error:
            raise DarkroomError(f"{self.where}: {self._names()}: {_reason(error)}") from None

    def _names(self) -> str:
        return ", ".join(name for call in self.calls for name in call)


def check(calls: Sequence[Plain], images: Pixels, places: Sequence[object]) -> None:
    """Tries each transform by itself, with certainty, so that one that cannot work is refused before any work is done.

    `places` says where a user finds each of them.
    """
    for call, where in zip(calls, places, strict=True):
        Pipeline([call], str(where))  # its own arguments, `p` among them
        certain = {name: {**arguments, "p": 1.0} for name, arguments in call.items()}
        Pipeline([certain], str(where))(images, seed=0)


def _compose(calls: list[Plain], where: str) -> tuple[Any, type[Exception]]:
    """The chain, and the exception with which Albumentations refuses an image that is smaller than a crop."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it would ask the network for its newest version
    try:
        import albumentations
    except ImportError:
        names = ", ".join(name for call in calls for name in call)
        raise DarkroomError(f"{where}: {names}: install albumentations==2.0.8, which makes these transforms") from None
    steps = []
    for call in calls:
        for name, arguments in call.items():
            try:
                steps.append(getattr(albumentations, name)(**arguments))
            except (ValueError, TypeError) as error:
                raise DarkroomError(f"{where}: {name}: {_reason(error)}") from None
    return albumentations.Compose(steps), albumentations.augmentations.crops.transforms.CropSizeError


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    text = "; ".join(lines[1:3]) if len(lines) > 2 else lines[0]
    return text.split(" [type=")[0]  # pydantic's own shorthand for the same
