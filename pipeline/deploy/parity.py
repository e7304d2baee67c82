"""Does the ONNX file answer as the Keras model did?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
