"""The arrays that more than one module exchanges, by what they hold."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # H x W x C of one image or N x H x W x C of several; RGB, or grey where C is 1
Labels = NDArray[np.int64]  # N: the number of the class of each image
Rows = NDArray[np.int64]  # positions in a split, an index or a collection
Targets = NDArray[np.float32]  # N x K: one-hot, or a mixture
Probabilities = NDArray[np.float32]  # N x K
