"""Checks that the ONNX file answers as the Keras model did, in every configuration of onnxruntime."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from darkroom.config.schema import Verify
from darkroom.core.arrays import Pixels, Probabilities, batches
from darkroom.core.errors import DarkroomError
from darkroom.inference import session

BATCHES = (1, 7, 256)
THREADS = (1, 2)
SHOWN = 10


@dataclass(frozen=True)
class Parity:
    """The comparison over N images.

    `largest_difference` is between two probabilities of one class, for the image at index `worst`. `flips` are the indices of
    images whose most probable class differs although Keras's margin between its first and second class exceeds twice the
    tolerance, so that rounding cannot explain it.
    """

    images: int
    largest_difference: float
    worst: int
    flips: tuple[int, ...]


def compare(onnx: Probabilities, keras: Probabilities, tolerance: float) -> Parity:
    """Compares two N x K arrays of probabilities. Raises ValueError if their shapes differ."""
    if onnx.shape != keras.shape or onnx.ndim != 2:
        raise ValueError(f"shapes differ: {onnx.shape} and {keras.shape}")
    difference = np.abs(onnx.astype(np.float64) - keras).max(axis=1)
    difference = np.where(np.isfinite(difference), difference, np.inf)
    top = np.sort(keras, axis=1)
    certain = top[:, -1] - top[:, -2] > 2 * tolerance
    flips = np.flatnonzero((onnx.argmax(axis=1) != keras.argmax(axis=1)) & certain)
    return Parity(len(keras), float(difference.max()), int(difference.argmax()), tuple(int(flip) for flip in flips))


def check(parity: Parity, allowed: Verify, name: str) -> None:
    """Raises DarkroomError, with image and value, if a difference or the number of flips exceeds what params.yaml allows.

    `name` says what was compared, in the message.
    """
    if len(parity.flips) > allowed.flips:
        shown = ", ".join(f"validation/{flip:06d}" for flip in parity.flips[:SHOWN])
        raise DarkroomError(
            f"{name}: onnxruntime and Keras disagree on {len(parity.flips)} of {parity.images} images "
            f"(verify.flips: {allowed.flips}): {shown}"
        )
    if not parity.largest_difference <= allowed.largest_difference:
        raise DarkroomError(
            f"{name}: validation/{parity.worst:06d}: onnxruntime and Keras differ by {parity.largest_difference:.3g} "
            f"(verify.largest_difference: {allowed.largest_difference:g})"
        )


@dataclass(frozen=True)
class Configuration:
    """One configuration of onnxruntime: batch size, level of graph optimisation, number of threads."""

    batch: int
    level: str
    threads: int


def configurations(content: bytes, images: Pixels, name: str) -> Iterator[tuple[Configuration, Probabilities]]:
    """The probabilities (N x K) of an ONNX file for uint8 N x H x W x C, in every configuration."""
    for level in session.LEVELS:
        for threads in THREADS:
            runner = session.load(content, name, threads, level)
            for size in BATCHES:
                yield Configuration(size, level, threads), session.run_batches(runner, batches(images, size))


def check_configurations(content: bytes, images: Pixels, keras: Probabilities, allowed: Verify, path: str, name: str) -> float:
    """The largest difference from Keras over all configurations. Raises DarkroomError for the first to fail."""
    largest = 0.0
    for configuration, answers in configurations(content, images, path):
        parity = compare(answers, keras, allowed.largest_difference)
        batch, level, threads = configuration.batch, configuration.level, configuration.threads
        check(parity, allowed, f"{name}: batch size {batch}, graph optimisation {level}, threads {threads}")
        largest = max(largest, parity.largest_difference)
    return largest
