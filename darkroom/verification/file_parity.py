"""Does a picture in a file, of whatever kind, come to the network as it came to it in training?"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import images
from darkroom.inference.classifier import Classifier
from darkroom.verification.file_variants import disguises

Pixels = NDArray[np.uint8]


def compare(
    classifier: Classifier, picture: bytes | Pixels, prepared: Pixels, keras: NDArray[np.float32], name: str, tolerance: float
) -> int:
    """Gives `classifier` one picture, a file's bytes or uint8 H x W or H x W x C, as files of every kind; returns how many.

    `prepared` is what the network was given in training, `keras` what it answered. Raises DarkroomError, which names the picture and
    the kind of file, where the pixels differ in a single bit or the answer by more than `tolerance`.
    """
    count = 0
    for kind, content, meant in _files(picture, classifier.image_policy):
        where = f"{name} as a file ({kind})"
        expected = prepared if meant is None else classifier.pixels(meant)
        found = classifier.pixels(content)
        if not np.array_equal(found, expected):
            shapes = f"{found.shape} and {expected.shape}"
            different = f"{np.sum(found != expected)} of {found.size} values" if found.shape == expected.shape else shapes
            raise DarkroomError(f"{where}: the pixels are not those of training: {different} differ")
        if meant is None:
            _same_answer(classifier, content, keras, where, tolerance)
        count += 1
    return count


def _files(picture: bytes | Pixels, policy: ImagePolicy) -> Iterator[tuple[str, bytes, Pixels | None]]:
    """Kind, bytes, and what they mean where that is not the picture itself."""
    if isinstance(picture, bytes):
        yield "its own", picture, None
        picture = images.read(picture, policy).pixels
    for kind, content, meant in disguises(picture, policy.background):
        yield kind, content, None if meant.size == picture.size and np.array_equal(meant.ravel(), picture.ravel()) else meant


def _same_answer(classifier: Classifier, content: bytes, keras: NDArray[np.float32], where: str, tolerance: float) -> None:
    (answer,) = classifier.predict([content])
    difference = float(np.abs(np.asarray(answer.probabilities) - keras).max())
    if not difference <= tolerance:
        allowed = f"verify.largest_difference: {tolerance:g}"
        raise DarkroomError(f"{where}: the answer differs from Keras's by {difference:.3g} ({allowed})")
