"""The pictures of a split as the data set has them, before they were sized and coloured."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import paths
from pipeline.data import readers


def originals(split: str, count: int, layout: str, classes: int) -> Iterator[NDArray[np.uint8]]:
    """The first `count` pictures of a split, uint8 H x W or H x W x C, found by the index that preprocess wrote.

    `layout` and `classes` are the recipe's format and the number of its classes.
    """
    index = pd.read_csv(paths.INDEX, usecols=["split", "source"])
    given = {labelled.source: labelled.images for labelled in readers.read(layout, paths.RAW, classes).values()}
    for source in index.loc[index["split"] == split, "source"].head(count):
        name, position = source.rsplit("#", 1)
        yield np.asarray(given[name][int(position)])
