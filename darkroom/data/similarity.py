"""How similar two images are: the Pearson correlation of their thumbnails.

It ignores brightness and contrast, and is robust to resizing and compression, but not to shifts, rotations or
crops. Thumbnails are grey, so colour is ignored.
"""

from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from darkroom.core.arrays import Pixels

Thumbnails = NDArray[np.uint8]  # N x T, or T of one image
Number = TypeVar("Number", bound=np.number[Any])

SIDE = 32  # largest height and width of a thumbnail, in pixels


def thumbnail_shape(height: int, width: int) -> tuple[int, int]:
    """Height and width of the thumbnail of an image of that size."""
    return min(height, SIDE), min(width, SIDE)


def thumbnail(pixels: Pixels) -> Thumbnails:
    """The grey thumbnail of uint8 H x W x C (1 or 3 channels), as uint8 of length h * w by `thumbnail_shape`.

    An image no larger than a thumbnail keeps all its pixels.
    """
    height, width, channels = pixels.shape
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if channels == 3 else pixels[..., 0]
    rows, columns = thumbnail_shape(height, width)
    return np.asarray(cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8).reshape(-1)


def mirror(thumbnails: NDArray[Number], shape: tuple[int, int]) -> NDArray[Number]:
    """N x (h * w) thumbnails of any dtype, each flipped left to right. `shape` is (h, w)."""
    return thumbnails.reshape(-1, *shape)[:, :, ::-1].reshape(thumbnails.shape)


def has_contrast(thumbnails: Thumbnails) -> NDArray[np.bool_]:
    """Which of uint8 n x d thumbnails have more than one grey level, bool n; a correlation is defined only for these."""
    return np.asarray(np.ptp(thumbnails, axis=1) > 0)


def correlations(first: Thumbnails, second: Thumbnails) -> NDArray[np.float64]:
    """The Pearson correlation of each row of `first` with the same row of `second`, uint8 n x d with contrast; float64 n.

    All sums are integers, so the result is the same on every machine, and exactly 1 for equal rows.
    """
    pixels, sides = first.shape[1], (first, second)
    sums = [side.sum(axis=1, dtype=np.int64) for side in sides]

    def covariance(left: int, right: int) -> NDArray[np.int64]:
        products = np.einsum("ij,ij->i", sides[left], sides[right], dtype=np.int32)  # at most 32 * 32 * 255^2: fits
        return np.asarray(pixels * products.astype(np.int64) - sums[left] * sums[right])

    root = np.sqrt(covariance(0, 0).astype(np.float64) * covariance(1, 1))
    return np.asarray(np.minimum(covariance(0, 1) / root, 1))
