"""The first images of data/prepared in a workspace of their own, for benchmarks that need no more."""

import shutil
from pathlib import Path

import numpy as np

from darkroom.core.workspace import Workspace
from darkroom.data import shards
from darkroom.data.shards import Shards


def write(workspace: Workspace, folder: Path, images: int, validation: int = 1000) -> Workspace:
    """Writes the first images of train and validation below `folder`. Raises DarkroomError if nothing is prepared."""
    subset = Workspace(workspace.root, folder, workspace.params)
    for name, count in (("train", images), ("validation", validation)):
        split = Shards(workspace.split(name))
        positions = np.arange(min(count, len(split)))
        shards.write(subset.split(name), iter(split.images(positions)), split.labels[positions])
    shutil.copy(workspace.classes, subset.classes)
    return subset
