"""Does the ONNX file answer as the Keras model did?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkroom.inference import session

Probabilities = NDArray[np.float32]


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
    sure = top[:, -1] - top[:, -2] > 2 * tolerance
    flips = np.flatnonzero((onnx.argmax(axis=1) != keras.argmax(axis=1)) & sure)
    return Parity(len(keras), float(difference.max()), int(difference.argmax()), tuple(int(flip) for flip in flips))


@dataclass(frozen=True)
class Way:
    """One way to run a file: images at a time, graph optimisation level, threads."""

    batch: int
    level: str
    threads: int


BATCHES = (1, 7, 256)
THREADS = (1, 2)


def ways(content: bytes, images: NDArray[np.uint8], name: str) -> Iterator[tuple[Way, Probabilities]]:
    """The answers of an ONNX file to uint8 N x H x W x C, in every way there is to run it."""
    for level in session.LEVELS:
        for threads in THREADS:
            runner = session.load(content, name, threads, level)
            for batch in BATCHES:
                chunks = [images[start : start + batch] for start in range(0, len(images), batch)]
                yield Way(batch, level, threads), np.concatenate([session.run(runner, chunk) for chunk in chunks])
