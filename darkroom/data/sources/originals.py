"""The pictures of a split as the data set has them, before they were sized and coloured."""

from pathlib import Path

import pandas as pd

from darkroom.core import paths
from darkroom.core.errors import DarkroomError
from darkroom.data.sources import opening
from darkroom.data.sources.readers.collection import Pixels


def originals(dataset: str, split: str, count: int) -> list[bytes | Pixels]:
    """The first `count` pictures of a split, found by the index that preprocess wrote: a file's bytes, or uint8 pixels.

    `dataset` is that of params.yaml. Raises DarkroomError for an index that is not of this data set.
    """
    index = pd.read_csv(paths.INDEX, dtype=str, keep_default_na=False, lineterminator="\n")
    wanted = index.loc[index["split"] == split, "source"].head(count).tolist()
    with opening.opened(dataset) as collection:
        places = dict(zip(collection.items["source"], range(len(collection.items)), strict=True))
        if len(wanted) < count or not set(wanted) <= places.keys():
            raise DarkroomError(f"{paths.INDEX}: not the index of {dataset}; run `dvc repro preprocess`")
        found = [collection.pictures[places[source]] for source in wanted]
        return [picture.read_bytes() if isinstance(picture, Path) else picture for picture in found]
