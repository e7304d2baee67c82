"""Albumentations transforms from params.yaml, shared by preprocessing, augmentation and prediction."""

import inspect
import os
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import cv2
import numpy as np

from darkroom.core.arrays import Pixels
from darkroom.core.errors import DarkroomError

# where Albumentations has transforms that need an image alone; others read files or call functions
SOURCES = (
    *(f"augmentations/{name}" for name in ("blur", "crops", "dropout", "geometric", "pixel")),
    "core/transforms_interface",
)
NOT_A_TRANSFORM = re.compile(r"^Base|^_|Transform$|BBox|Mask|3D")


@dataclass(frozen=True)
class Step:
    """A transform of Albumentations, its arguments, and its place in params.yaml or in a model, for error messages."""

    name: str
    arguments: Mapping[str, Any]
    place: str


class Pipeline:
    """A chain of Albumentations transforms whose result depends on the images and a seed alone.

    Every error message begins with the place of each step that may have caused it. Raises DarkroomError for arguments that
    Albumentations rejects, or if it is not installed.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)
        self.compose: Any = None
        if self.steps:
            self.compose, crop_size_error = _compose(self.steps)
            self.errors = (ValueError, TypeError, KeyError, NotImplementedError, crop_size_error, cv2.error)

    def __call__(self, images: Pixels, seed: int) -> Pixels:
        """Transforms uint8 N x H x W x C with random generators seeded by `seed`.

        Raises DarkroomError if a transform fails on these images, or changes their size or dtype.
        """
        if self.compose is None:
            return images
        # One generator for the whole chain: with one each and the same seed, all transforms would draw the same numbers.
        self.compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        results = [self._one(image) for image in images]
        for result in results:
            if result.shape != images.shape[1:] or result.dtype != np.uint8:
                expected = f"uint8 {images.shape[1:]}"
                raise DarkroomError(f"{_places(self.steps)}: the result is {result.dtype} {result.shape}, not {expected}")
        return np.stack(results)

    def _one(self, image: Pixels) -> Pixels:
        try:
            result = self.compose(image=image)
        except self.errors as error:
            raise DarkroomError(f"{_places(self.steps)}: {_reason(error)}") from None
        return np.asarray(result["image"])


def check(steps: Sequence[Step], images: Pixels) -> None:
    """Applies each transform on its own with p = 1, so that an unusable one is rejected before any work is done.

    Raises DarkroomError for the first that fails.
    """
    for step in steps:
        Pipeline([step])  # checks the arguments as given, including `p`
        Pipeline([replace(step, arguments={**step.arguments, "p": 1.0})])(images, seed=0)


def _compose(steps: Sequence[Step]) -> tuple[Any, type[Exception]]:
    """The chain, and the exception that Albumentations raises for an image that is smaller than a crop."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # otherwise the import looks up the latest version online
    try:
        import albumentations
    except ImportError:
        raise DarkroomError(f"{_places(steps)}: install albumentations==2.0.8, which provides this transform") from None
    transforms = []
    for step in steps:
        transform = getattr(albumentations, step.name, None)
        if not is_transform(transform):
            raise DarkroomError(f"{step.place}: not a transform of images")
        if unknown := sorted(step.arguments.keys() - inspect.signature(transform).parameters.keys()):
            raise DarkroomError(f"{step.place}: {unknown[0]}: {step.name} has no argument of that name")
        try:
            transforms.append(transform(**step.arguments))
        except (ValueError, TypeError) as error:
            raise DarkroomError(f"{step.place}: {_reason(error)}") from None
    return albumentations.Compose(transforms), albumentations.augmentations.crops.transforms.CropSizeError


def is_transform(value: object) -> TypeGuard[type[Any]]:
    """Whether `value` is a class of Albumentations that transforms an image by itself, without other files or code."""
    return (
        isinstance(value, type)
        and value.__module__.startswith(tuple(f"albumentations.{source.replace('/', '.')}" for source in SOURCES))
        and hasattr(value, "apply")
        and not NOT_A_TRANSFORM.search(value.__name__)
    )


def _places(steps: Sequence[Step]) -> str:
    return ", ".join(step.place for step in steps)


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    text = "; ".join(lines[1:3]) if len(lines) > 2 else lines[0]
    return text.split(" [type=")[0]  # pydantic appends the error's code
