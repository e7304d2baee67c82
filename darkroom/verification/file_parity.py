"""Checks that an image read from any kind of file reaches the network with the same pixels as in training."""

from collections.abc import Iterator

import numpy as np

from darkroom.config.schema import Params
from darkroom.core.arrays import Pixels, Probabilities
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.data import images
from darkroom.data.shards import Shards
from darkroom.data.sources import dataset
from darkroom.inference.classifier import Classifier
from darkroom.verification.file_variants import file_variants


def check_split(
    classifier: Classifier, validation: Shards, keras: Probabilities, settings: Params, workspace: Workspace
) -> int:
    """Compares the first `verify.files` originals of validation; returns the number of files.

    `keras` (N x K) holds Keras's probabilities for the whole split. Raises DarkroomError for the first file that differs.
    """
    count = min(settings.verify.files, len(validation))
    tolerance = settings.verify.largest_difference
    files = 0
    originals = dataset.originals(settings.dataset, "validation", count, workspace)
    for position, image in zip(range(count), originals, strict=True):
        prepared = validation.images(np.array([position]))[0]
        files += compare(classifier, image, prepared, keras[position], f"validation/{position:06d}", tolerance)
    return files


def compare(
    classifier: Classifier, image: bytes | Pixels, prepared: Pixels, keras: Probabilities, name: str, tolerance: float
) -> int:
    """Checks how `classifier` reads one image from files of every kind; returns the number of files.

    `image` is a file's bytes, or uint8 pixels H x W or H x W x C. `prepared` (uint8 H x W x C) is the network's input in
    training, `keras` (K) its probabilities. Raises DarkroomError, which names the image and the kind of file, if any pixel
    differs, or a probability by more than `tolerance`.
    """
    count = 0
    for kind, content, pixels in _files(image, classifier.image_policy):
        where = f"{name} as a file ({kind})"
        expected = prepared if pixels is None else classifier.pixels(pixels)
        actual = classifier.pixels(content)
        if not np.array_equal(actual, expected):
            shapes = f"shapes {actual.shape} and {expected.shape}"
            different = f"{np.sum(actual != expected)} of {actual.size} values" if actual.shape == expected.shape else shapes
            raise DarkroomError(f"{where}: the pixels differ from those of training: {different}")
        if pixels is None:
            _check_answer(classifier, content, keras, where, tolerance)
        count += 1
    return count


def _files(image: bytes | Pixels, policy: ImagePolicy) -> Iterator[tuple[str, bytes, Pixels | None]]:
    """The kind and the bytes of each file, and the pixels it must decode to; None if they are the pixels of `image`."""
    if isinstance(image, bytes):
        yield "original", image, None
        image = images.read(image, policy).pixels
    for kind, content, pixels in file_variants(image, policy.background):
        same = pixels.size == image.size and np.array_equal(pixels.ravel(), image.ravel())
        yield kind, content, None if same else pixels


def _check_answer(classifier: Classifier, content: bytes, keras: Probabilities, where: str, tolerance: float) -> None:
    (answer,) = classifier.predict([content])
    difference = float(np.abs(np.asarray(answer.probabilities) - keras).max())
    if not difference <= tolerance:
        allowed = f"verify.largest_difference: {tolerance:g}"
        raise DarkroomError(f"{where}: the answer differs from Keras's by {difference:.3g} ({allowed})")
