"""How duplicates are handled: `report` them, `drop` all but one of each set, or `stop`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkroom.config import Params
from darkroom.config.schema import Duplicates
from darkroom.core import csv_files
from darkroom.core.arrays import Rows
from darkroom.core.errors import DarkroomError, prefixed
from darkroom.core.workspace import Workspace
from darkroom.data import duplicates, similarity, splits
from darkroom.data.index import DROPPED
from darkroom.data.ledger import Row
from darkroom.data.staging import StagedImages

# The split whose copy is kept: test first, since published results are measured on it.
PRIORITY = ("test", "validation", "train", "")
SHOWN = 3  # pairs listed in an error message


@dataclass(frozen=True)
class Partition:
    """The splits of a data set, and its duplicates.

    `positions`: the rows of each split in the table of images. `pairs`: the duplicates among all rows. `duplicates`: for each
    image that has a duplicate, its best partner, as in reports/data/duplicates.csv. `leaked`: for each row whether it is a test
    image with a duplicate in train or validation.
    """

    positions: dict[str, Rows]
    pairs: pd.DataFrame
    duplicates: pd.DataFrame
    leaked: NDArray[np.bool_]


def apply(staged: StagedImages, settings: Params, workspace: Workspace) -> Partition:
    """Splits the staged images by params.yaml, and adds dropped duplicates to the ledger.

    Raises DarkroomError for a class without training images, and for duplicates under the policy `stop`.
    """
    chosen, table = settings.preprocess.duplicates, staged.table
    shape = similarity.thumbnail_shape(settings.image.height, settings.image.width)
    with prefixed(chosen.at("similarity")):
        pairs = duplicates.find(staged.thumbnails, shape, table["sha256"].tolist(), chosen.similarity)
    result = partition(table, staged.classes, pairs, settings)
    staged.rows += dropped_rows(result.duplicates)
    splits.check_train(result.positions["train"], table["label"].to_numpy(), staged.classes, settings)
    if chosen.policy == "stop":
        csv_files.write(workspace.duplicates, result.duplicates)
        refuse(result.duplicates, chosen)
    return result


def partition(table: pd.DataFrame, classes: Sequence[str], pairs: pd.DataFrame, settings: Params) -> Partition:
    """Splits the images with `splits.assign`; under the policy `drop`, only one image of each set of duplicates."""
    drop = settings.preprocess.duplicates.policy == "drop"
    existing = table["split"].tolist()
    kept = np.flatnonzero(_kept(pairs, existing)) if drop else np.arange(len(table))
    part = table.iloc[kept]
    existing_splits, groups = part["split"].tolist(), part["group"].tolist()
    assigned = splits.assign(part["label"].to_numpy(), existing_splits, groups, settings)
    positions = {split: kept[indices] for split, indices in assigned.items()}
    split_of = np.full(len(table), DROPPED, object)
    for split, indices in positions.items():
        split_of[indices] = split
    leaked = duplicates.leaked(pairs, split_of, "test", ("train", "validation"))
    return Partition(positions, pairs, _report(pairs, table, classes, split_of), leaked)


def _kept(pairs: pd.DataFrame, existing: Sequence[str]) -> NDArray[np.bool_]:
    """Which images are kept, bool N: of each set the first image in the split that comes first in `PRIORITY`."""
    sets = duplicates.sets(pairs, len(existing))
    rank = np.asarray([PRIORITY.index(split) for split in existing])
    best = pd.DataFrame({"set": sets, "rank": rank}).sort_values(["set", "rank"], kind="stable").drop_duplicates("set")
    kept = np.zeros(len(existing), np.bool_)
    kept[best.index.to_numpy()] = True
    return kept


def _report(pairs: pd.DataFrame, table: pd.DataFrame, classes: Sequence[str], split_of: NDArray[np.object_]) -> pd.DataFrame:
    partners = duplicates.partners(pairs, split_of)
    names = np.asarray(classes, object)[table["label"].to_numpy()]
    sources = table["source"].to_numpy(object)
    image, partner = partners["image"].to_numpy(), partners["partner"].to_numpy()
    columns = {
        **{"source": sources[image], "class": names[image], "split": split_of[image]},
        **{"partner": sources[partner], "partner_class": names[partner], "partner_split": split_of[partner]},
        **{"kind": partners["kind"].to_numpy(), "similarity": partners["similarity"].to_numpy(np.float64)},
    }
    return pd.DataFrame(columns)


def dropped_rows(report: pd.DataFrame) -> list[Row]:
    """The rows of the ledger for the images that were dropped."""
    dropped = report[report["split"] == DROPPED]
    columns = dropped[["source", "class", "kind", "partner"]].to_numpy().tolist()
    return [Row(source, name, "dropped", f"{kind} copy of {partner}") for source, name, kind, partner in columns]


def refuse(report: pd.DataFrame, chosen: Duplicates) -> None:
    """Raises DarkroomError if there is any duplicate."""
    if len(report):
        shown = ", ".join(f"{row.source} and {row.partner} ({row.kind})" for row in report.head(SHOWN).itertuples())
        line = f"{len(report)} images have a duplicate: {shown}"
        raise DarkroomError(f"{chosen.at('policy')}: stop: {line}; reports/data/duplicates.csv lists all")


def summary(partition: Partition) -> dict[str, object]:
    """Counts: pairs by kind, leaked test images, images whose partner has another class."""
    report, kinds = partition.duplicates, partition.pairs["kind"].value_counts()
    return {
        "pairs": {kind: int(kinds.get(kind, 0)) for kind in ("exact", "near", "mirrored")},
        "leaked": int(partition.leaked.sum()),
        "conflicts": int((report["class"] != report["partner_class"]).sum()),
    }
