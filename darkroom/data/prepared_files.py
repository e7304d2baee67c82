"""Writes data/prepared: the shards of each split, the index, the classes and the previews."""

from pathlib import Path

import pandas as pd

from darkroom.core import artifacts, csv_files
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.data import previews, shards
from darkroom.data.duplicate_policy import Partition
from darkroom.data.sources.readers import Collection
from darkroom.data.staging import StagedImages


def write(
    folder: Path,
    collection: Collection,
    staged: StagedImages,
    partition: Partition,
    index: pd.DataFrame,
    policy: ImagePolicy,
    workspace: Workspace,
) -> None:
    """Fills `folder`, which is later renamed to data/prepared; file names are those of the workspace."""
    labels = staged.table["label"].to_numpy()
    for split, positions in partition.positions.items():
        shards.write(folder / split, (staged.pixels[position] for position in positions), labels[positions])
    csv_files.write(folder / workspace.index.name, index)
    artifacts.write_json(folder / workspace.classes.name, {"classes": staged.classes})
    content = {
        "prepared": previews.prepared(collection, staged.table, staged.pixels, policy),
        "converted": previews.converted(collection, staged.table, staged.pixels),
        "duplicates": previews.duplicates(partition.duplicates, staged.table, staged.pixels),
    }
    artifacts.write_json(folder / workspace.previews.name, content)
