"""The types of the arrays that modules exchange, and the division of images into batches."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # H x W x C of one image or N x H x W x C of several; RGB, or grey where C is 1
Labels = NDArray[np.int64]  # N: the class index of each image
Rows = NDArray[np.int64]  # row numbers in a split, an index or a collection
Targets = NDArray[np.float32]  # N x K: one-hot, or mixed by MixUp or CutMix
Probabilities = NDArray[np.float32]  # N x K
Shapes = tuple[tuple[tuple[int, ...], str], ...]  # of each part of a batch: the shape of one item, and the dtype

BATCH = 64  # the default for inference: large images in deep networks still fit into memory


def batches(images: Pixels, size: int = BATCH) -> Iterator[Pixels]:
    """Yields slices of at most `size` images of uint8 N x H x W x C, in order."""
    yield from (images[start : start + size] for start in range(0, len(images), size))
