"""Does the ONNX file answer as the Keras model did, however it is run?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkroom.config.schema import Verify
from darkroom.core.errors import DarkroomError
from darkroom.inference import session

Probabilities = NDArray[np.float32]

BATCHES = (1, 7, 256)
THREADS = (1, 2)
SHOWN = 10


@dataclass(frozen=True)
class Parity:
    """The comparison over N images.

    `flips` are the positions where the most probable class differs although Keras was not in doubt: its margin between
    the first and the second class exceeds twice the tolerance, so that rounding alone cannot explain it.
    """

    images: int
    largest_difference: float
    worst: int
    flips: tuple[int, ...]


def compare(onnx: Probabilities, keras: Probabilities, tolerance: float) -> Parity:
    """Compares two arrays N x K of probabilities. Raises ValueError for shapes that differ."""
    if onnx.shape != keras.shape or onnx.ndim != 2:
        raise ValueError(f"shapes differ: {onnx.shape} and {keras.shape}")
    difference = np.abs(onnx.astype(np.float64) - keras).max(axis=1)
    difference = np.where(np.isfinite(difference), difference, np.inf)
    top = np.sort(keras, axis=1)
    certain = top[:, -1] - top[:, -2] > 2 * tolerance
    flips = np.flatnonzero((onnx.argmax(axis=1) != keras.argmax(axis=1)) & certain)
    return Parity(len(keras), float(difference.max()), int(difference.argmax()), tuple(int(flip) for flip in flips))


def check(parity: Parity, allowed: Verify, name: str) -> None:
    """Raises DarkroomError, with image and value, for a difference or a number of flips beyond what params.yaml allows.

    `name` says what was compared; it begins the message.
    """
    if len(parity.flips) > allowed.flips:
        shown = ", ".join(f"validation/{flip:06d}" for flip in parity.flips[:SHOWN])
        raise DarkroomError(
            f"{name}: onnxruntime and Keras disagree on {len(parity.flips)} images (verify.flips: {allowed.flips}): {shown}"
        )
    if not parity.largest_difference <= allowed.largest_difference:
        raise DarkroomError(
            f"{name}: validation/{parity.worst:06d}: onnxruntime and Keras differ by {parity.largest_difference:.3g} "
            f"(verify.largest_difference: {allowed.largest_difference:g})"
        )


@dataclass(frozen=True)
class Configuration:
    """One configuration of onnxruntime: images a batch, graph optimisation level, threads."""

    batch: int
    level: str
    threads: int


def configurations(content: bytes, images: NDArray[np.uint8], name: str) -> Iterator[tuple[Configuration, Probabilities]]:
    """The answers of an ONNX file to uint8 N x H x W x C in every configuration: N x K each."""
    for level in session.LEVELS:
        for threads in THREADS:
            runner = session.load(content, name, threads, level)
            for batch in BATCHES:
                batches = (images[start : start + batch] for start in range(0, len(images), batch))
                yield Configuration(batch, level, threads), session.run_batches(runner, batches)


def check_configurations(
    content: bytes, images: NDArray[np.uint8], keras: Probabilities, allowed: Verify, path: str, name: str
) -> float:
    """The largest difference to Keras's answers over all configurations. Raises DarkroomError for the first that fails."""
    largest = 0.0
    for configuration, answers in configurations(content, images, path):
        parity = compare(answers, keras, allowed.largest_difference)
        batch, level, threads = configuration.batch, configuration.level, configuration.threads
        check(parity, allowed, f"{name}: batches of {batch}, optimisation {level}, {threads} threads")
        largest = max(largest, parity.largest_difference)
    return largest
