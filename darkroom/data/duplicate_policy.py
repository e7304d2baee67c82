"""What is done about duplicates: `report` them, `drop` all but one of each set, or `stop`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.data import duplicates, splits
from darkroom.data.ledger import Row

FIRST = ("test", "validation", "train", "")  # which of a set's copies stays: test is what others have measured on
SHOWN = 3
DROPPED = "dropped"


@dataclass(frozen=True)
class Division:
    """`chosen`: the positions of each split in the table of images; `pairs`: the duplicates among them; `told`: for each image
    that has one, the most similar, in another split where there is one; `leaked`: for each image of the table whether it is
    in test and has a duplicate that is learnt from.
    """

    chosen: dict[str, NDArray[np.int64]]
    pairs: pd.DataFrame
    told: pd.DataFrame
    leaked: NDArray[np.bool_]


def divide(
    table: pd.DataFrame, classes: Sequence[str], pairs: pd.DataFrame, drop: bool, shares: tuple[float, float, int]
) -> Division:
    """Splits the images by the shares of validation and test and a seed; with `drop` one of each set of duplicates only."""
    given = table["split"].tolist()
    stays = np.flatnonzero(_kept(pairs, given)) if drop else np.arange(len(table))
    part = table.iloc[stays]
    found = splits.assign(part["label"].to_numpy(), part["split"].tolist(), part["group"].tolist(), *shares)
    chosen = {split: stays[positions] for split, positions in found.items()}
    split_of = np.full(len(table), DROPPED, object)
    for split, positions in chosen.items():
        split_of[positions] = split
    leaked = duplicates.leaked(pairs, split_of, "test", ("train", "validation"))
    return Division(chosen, pairs, _report(pairs, table, classes, split_of), leaked)


def _kept(pairs: pd.DataFrame, given: Sequence[str]) -> NDArray[np.bool_]:
    """For each image whether it stays: a given test image rather than a training image, then the first."""
    sets = duplicates.sets(pairs, len(given))
    rank = np.asarray([FIRST.index(split) for split in given])
    best = pd.DataFrame({"set": sets, "rank": rank}).sort_values(["set", "rank"], kind="stable").drop_duplicates("set")
    stays = np.zeros(len(given), np.bool_)
    stays[best.index.to_numpy()] = True
    return stays


def _report(pairs: pd.DataFrame, table: pd.DataFrame, classes: Sequence[str], split_of: NDArray[np.object_]) -> pd.DataFrame:
    found = duplicates.partners(pairs, split_of)
    names = np.asarray(classes, object)[table["label"].to_numpy()]
    sources = table["source"].to_numpy(object)
    image, partner = found["image"].to_numpy(), found["partner"].to_numpy()
    columns = {
        **{"source": sources[image], "class": names[image], "split": split_of[image]},
        **{"partner": sources[partner], "partner_class": names[partner], "partner_split": split_of[partner]},
        **{"kind": found["kind"].to_numpy(), "similarity": found["similarity"].to_numpy(np.float64)},
    }
    return pd.DataFrame(columns)


def rows(found: pd.DataFrame) -> list[Row]:
    """What the ledger says of the images that were dropped."""
    gone = found[found["split"] == DROPPED]
    told = gone[["source", "class", "kind", "partner"]].to_numpy().tolist()
    return [Row(source, name, "dropped", f"{kind} copy of {partner}") for source, name, kind, partner in told]


def refuse(told: pd.DataFrame, where: str) -> None:
    """Raises DarkroomError where there is any duplicate."""
    if len(told):
        shown = ", ".join(f"{row.source} and {row.partner} ({row.kind})" for row in told.head(SHOWN).itertuples())
        raise DarkroomError(
            f"{where}: stop: {len(told)} images have a duplicate, {shown}; reports/data/duplicates.csv lists them"
        )


def summary(found: Division) -> dict[str, object]:
    """Pairs by kind; images with a duplicate by the two splits; leaked test images; images of another class than theirs."""
    told, kinds = found.told, found.pairs["kind"].value_counts()
    order = {split: place for place, split in enumerate((*splits.SPLITS, DROPPED))}
    sides = [
        " and ".join(sorted({one, other}, key=order.__getitem__))
        for one, other in zip(told["split"], told["partner_split"], strict=True)
    ]
    return {
        "pairs": {kind: int(kinds.get(kind, 0)) for kind in ("exact", "near", "mirrored")},
        "across": pd.Series(sides, dtype=str).value_counts().sort_index().to_dict(),
        "leaked": int(found.leaked.sum()),
        "conflicts": int((told["class"] != told["partner_class"]).sum()),
    }
