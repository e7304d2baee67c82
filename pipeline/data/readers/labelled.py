"""What every reader returns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Labelled:
    """Images with their labels, in the order of the source.

    `images` is uint8 N x H x W or N x H x W x C and may lie on disk; `labels` is int64 N; `source` names the file.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    source: str
