"""Albumentations from params.yaml, for preprocessing, augmentation and prediction alike."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import Refusal

Pixels = NDArray[np.uint8]
Plain = dict[str, dict[str, Any]]


class Pipeline:
    """A chain of Albumentations transforms that is a function of its seed: same seed, same images, same result."""

    def __init__(self, calls: Sequence[Plain]) -> None:
        self.calls = list(calls)
        self.compose = _compose(self.calls) if self.calls else None

    def __call__(self, images: Pixels, seed: int) -> Pixels:
        """Transforms uint8 N x H x W x C, drawing from a generator that starts at `seed`. Sizes must not change."""
        if self.compose is None:
            return images
        self.compose.set_random_seed(seed)
        results = [np.asarray(self.compose(image=image)["image"]) for image in images]
        for result in results:
            if result.shape != images.shape[1:] or result.dtype != np.uint8:
                expected = f"uint8 {images.shape[1:]}"
                raise Refusal(f"{self.calls}: the transforms give {result.dtype} {result.shape}, not {expected}")
        return np.stack(results)


def _compose(calls: list[Plain]) -> Any:
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it would ask the network for its newest version
    try:
        import albumentations
    except ImportError:
        names = ", ".join(name for call in calls for name in call)
        raise Refusal(f"this model preprocesses with {names}: install albumentations==2.0.8") from None
    steps = []
    for call in calls:
        for name, arguments in call.items():
            try:
                steps.append(getattr(albumentations, name)(**arguments))
            except (ValueError, TypeError) as error:
                raise Refusal(f"params.yaml: {name}: {_reason(error)}") from None
    return albumentations.Compose(steps)


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines()]
    return "; ".join(lines[1:3]) if len(lines) > 2 else lines[0]
