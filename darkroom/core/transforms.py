"""Albumentations transforms from params.yaml, used alike by preprocessing, augmentation and prediction."""

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

    `where` says where the user finds the chain; every error message begins with it. Raises DarkroomError for arguments that
    Albumentations rejects, or if it is not installed.
    """

    def __init__(self, calls: Sequence[Plain], where: str) -> None:
        self.calls, self.where = list(calls), where
        self.compose: Any = None
        if self.calls:
            self.compose, crop_size_error = _compose(self.calls, where)
            self.errors = (ValueError, TypeError, KeyError, crop_size_error, cv2.error)

    def __call__(self, images: Pixels, seed: int) -> Pixels:
        """Transforms uint8 N x H x W x C, with random generators seeded with `seed`.

        Raises DarkroomError if a transform fails on these images, or changes their size or dtype.
        """
        if self.compose is None:
            return images
        # One generator for the chain: if each transform had its own, seeded alike, all would draw the same numbers.
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
    """Applies each transform alone, with p = 1, so that one that cannot work is rejected before any work is done.

    `places` says where the user finds each of them. Raises DarkroomError for the first that fails.
    """
    for call, where in zip(calls, places, strict=True):
        Pipeline([call], str(where))  # checks its arguments as they are, `p` included
        certain = {name: {**arguments, "p": 1.0} for name, arguments in call.items()}
        Pipeline([certain], str(where))(images, seed=0)


def _compose(calls: list[Plain], where: str) -> tuple[Any, type[Exception]]:
    """The chain, and the exception that Albumentations raises for an image that is smaller than a crop."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # otherwise it asks the network for its latest version
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
    return text.split(" [type=")[0]  # pydantic repeats the error as a code
