"""Random augmentation of training images: Albumentations on each image, then Keras's augmentation layers on the whole batch.

Both are functions of the batch's seed. AlternatingFlip depends on the epoch, so `batches` applies it before them. Labels are
one-hot, because MixUp and CutMix mix them as they do the images.
"""

from collections.abc import Callable, Sequence
from threading import local
from typing import Any

import keras
import numpy as np

from darkroom.config.named_call import NamedCall
from darkroom.config.vocabulary import ALTERNATING_FLIP, BATCH_TRANSFORMS
from darkroom.core.arrays import Pixels, Targets
from darkroom.core.transforms import Pipeline, check
from darkroom.training import backend, keras_errors

NOT_PER_IMAGE = (ALTERNATING_FLIP, *BATCH_TRANSFORMS)
BatchTransform = Callable[[Pixels, Targets, int], tuple[Pixels, Targets]]


class Augmentation:
    """`augmentation(images, targets, seed)`: uint8 N x H x W x C and float32 N x K in, the same out. Thread-safe.

    Raises DarkroomError for arguments that Albumentations or Keras reject.
    """

    def __init__(self, calls: Sequence[NamedCall]) -> None:
        self.steps = [call.step() for call in calls if call.name not in NOT_PER_IMAGE]
        self.batches = [_batch_transform(call) for call in calls if call.name in BATCH_TRANSFORMS]
        self.threads = local()  # one chain per thread: it holds a random generator

    def __call__(self, images: Pixels, targets: Targets, seed: int) -> tuple[Pixels, Targets]:
        """Augments one batch; the same seed gives the same result."""
        images = self._pipeline()(images, seed)
        for position, transform in enumerate(self.batches):
            images, targets = transform(images, targets, _derived(seed, position))
        return images, targets

    def _pipeline(self) -> Pipeline:
        if not hasattr(self.threads, "pipeline"):
            self.threads.pipeline = Pipeline(self.steps)
        pipeline: Pipeline = self.threads.pipeline
        return pipeline


def checked_augmentation(calls: Sequence[NamedCall], images: Pixels) -> Augmentation:
    """The augmentation of `calls`, after trying each transform of Albumentations alone, and all of them on `images`.

    Raises DarkroomError for the first that fails.
    """
    augmentation = Augmentation(calls)
    check(augmentation.steps, images)
    augmentation(images, np.eye(len(images), dtype=np.float32), seed=0)
    return augmentation


def _batch_transform(call: NamedCall) -> BatchTransform:
    """A Keras layer as a pure function of its seed. Images are rounded to uint8, so that every batch has the same dtype."""
    kind, arguments = getattr(keras.layers, call.name), call.keywords()
    with keras_errors.one_line(call.place):
        layer = kind(**arguments, dtype="float32")
    states = [part.generator.state for part in layer._flatten_layers() if hasattr(part, "generator")]

    def mixed(images: Any, targets: Any, values: Any) -> tuple[Any, Any]:
        scope = keras.StatelessScope(state_mapping=list(zip(states, values, strict=True)))
        with scope, keras_errors.one_line(call.place):
            result = layer({"images": images, "labels": targets}, training=True)
        return result["images"], result["labels"]

    compiled = backend.on_cpu(mixed)

    def transform(images: Pixels, targets: Targets, seed: int) -> tuple[Pixels, Targets]:
        values = [np.array(_pair(seed, number), state.dtype) for number, state in enumerate(states)]
        pixels, labels = compiled(images.astype(np.float32), targets, values)
        return np.rint(np.clip(np.asarray(pixels), 0, 255)).astype(np.uint8), np.asarray(labels, np.float32)

    return transform


def _derived(seed: int, position: int) -> int:
    return int(np.random.SeedSequence((seed, position)).generate_state(1)[0])


def _pair(seed: int, number: int) -> list[int]:
    """The state of a Keras generator: two integers that fit int32, which every backend supports."""
    return [int(value) >> 1 for value in np.random.SeedSequence((seed, number)).generate_state(2)]
