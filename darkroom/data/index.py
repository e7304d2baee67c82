"""The index of the prepared images: which row of which split came from which source."""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkroom.core.arrays import Rows

SPLITS = ("train", "validation", "test")
DROPPED = "dropped"  # in place of a split, for an image that is in none
LEAKED = "leaked"  # in the column `flags`


def rows(table: pd.DataFrame, classes: Sequence[str], positions: dict[str, Rows], leaked: NDArray[np.bool_]) -> pd.DataFrame:
    """One row per image, in the order of the shards: id, split, label, class, source, sha256, height, width, flags.

    `positions` are the rows of `table` in each split; `leaked` says for each row of `table` whether it is a leaked test image.
    """
    return pd.concat([_rows_of(split, table.iloc[positions[split]], classes, leaked[positions[split]]) for split in SPLITS])


def _rows_of(split: str, part: pd.DataFrame, classes: Sequence[str], leaked: NDArray[np.bool_]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [f"{split}/{row:06d}" for row in range(len(part))],
            "split": split,
            "label": part["label"].to_numpy(),
            "class": [classes[label] for label in part["label"]],
            **{column: part[column].to_numpy() for column in ("source", "sha256", "height", "width")},
            "flags": np.where(leaked, LEAKED, ""),
        }
    )


def counts(index: pd.DataFrame) -> dict[str, dict[Hashable, int]]:
    """The number of images of each class, by split."""
    return {split: index.loc[index["split"] == split, "class"].value_counts().sort_index().to_dict() for split in SPLITS}
