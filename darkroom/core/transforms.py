"""Albumentations transforms from params.yaml, used alike by preprocessing, augmentation and prediction."""

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Step:
    """A transform by its name in Albumentations, its arguments, and where the user finds it: in params.yaml, or in a model."""

    name: str
    arguments: Mapping[str, Any]
    where: str


class Pipeline:
    """A chain of Albumentations transforms that is a function of its seed: same seed, same images, same result.

    Every error message begins with `where` of the step or the steps that may have caused it. Raises DarkroomError for arguments
    that Albumentations rejects, or if it is not installed.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)
        self.compose: Any = None
        if self.steps:
            self.compose, crop_size_error = _compose(self.steps)
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
                raise DarkroomError(f"{_where(self.steps)}: the result is {result.dtype} {result.shape}, not {expected}")
        return np.stack(results)

    def _one(self, image: Pixels) -> Pixels:
        try:
            return np.asarray(self.compose(image=image)["image"])
        except self.errors as error:
            raise DarkroomError(f"{_where(self.steps)}: {_reason(error)}") from None


def check(steps: Sequence[Step], images: Pixels) -> None:
    """Applies each transform alone, with p = 1, so that one that cannot work is rejected before any work is done.

    Raises DarkroomError for the first that fails.
    """
    for step in steps:
        Pipeline([step])  # checks its arguments as they are, `p` included
        Pipeline([replace(step, arguments={**step.arguments, "p": 1.0})])(images, seed=0)


def _compose(steps: Sequence[Step]) -> tuple[Any, type[Exception]]:
    """The chain, and the exception that Albumentations raises for an image that is smaller than a crop."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # otherwise it asks the network for its latest version
    try:
        import albumentations
    except ImportError:
        raise DarkroomError(f"{_where(steps)}: install albumentations==2.0.8, which makes this transform") from None
    transforms = []
    for step in steps:
        try:
            transforms.append(getattr(albumentations, step.name)(**step.arguments))
        except (ValueError, TypeError) as error:
            raise DarkroomError(f"{step.where}: {_reason(error)}") from None
    return albumentations.Compose(transforms), albumentations.augmentations.crops.transforms.CropSizeError


def _where(steps: Sequence[Step]) -> str:
    return ", ".join(step.where for step in steps)


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    text = "; ".join(lines[1:3]) if len(lines) > 2 else lines[0]
    return text.split(" [type=")[0]  # pydantic repeats the error as a code
