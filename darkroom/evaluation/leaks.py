"""Test images that have a duplicate in train or validation: a model may have memorised them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.data.index import LEAKED
from darkroom.evaluation import tables


def leaked(index: Path, images: int) -> NDArray[np.bool_]:
    """Which of the `images` test images have leaked, bool N, according to the index of the prepared images.

    Raises DarkroomError if the index lists another number of test images.
    """
    rows = tables.read(index, ["split", "flags"])
    flags = rows.loc[rows["split"] == "test", "flags"]
    if len(flags) != images:
        raise DarkroomError(f"{index}: {len(flags)} test images, but {images} prepared; run `dvc repro preprocess`")
    return np.array([LEAKED in words.split() for words in flags], bool)
