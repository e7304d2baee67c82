"""The pictures of a split as the data set has them, before they were sized and coloured."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import paths
from pipeline.data import readers
from pipeline.errors import Refusal


def originals(split: str, count: int, layout: str, classes: int) -> list[NDArray[np.uint8]]:
    """The first `count` pictures of a split, uint8 H x W or H x W x C, found by the index that preprocess wrote.

    `layout` and `classes` are the recipe's format and the number of its classes. Raises Refusal for an index that lacks them.
    """
    index = pd.read_csv(paths.INDEX, usecols=["split", "source"])
    given = {labelled.source: labelled.images for labelled in readers.read(layout, paths.RAW, classes).values()}
    places = [source.rsplit("#", 1) for source in index.loc[index["split"] == split, "source"].head(count)]
    if len(places) < count or not {name for name, _ in places} <= given.keys():
        raise Refusal(f"{paths.INDEX}: not the index of data/raw; run `dvc repro preprocess`")
    return [np.asarray(given[name][int(position)]) for name, position in places]
