"""Decodes and stages a whole data set as params.yaml specifies."""

from pathlib import Path

import numpy as np

from darkroom.config import Params
from darkroom.core import ordered, transforms
from darkroom.core.errors import DarkroomError, printable
from darkroom.core.workspace import Workspace
from darkroom.data import dask_cluster, decode_tasks, executors, ledger
from darkroom.data.decode_tasks import Preparation
from darkroom.data.sources import manifest
from darkroom.data.sources.readers import Collection
from darkroom.data.staging import StagedImages

PROCESSES = "processes"


def plan(settings: Params) -> Preparation:
    """How each image is prepared. Raises DarkroomError for a transform that cannot work on images of this size."""
    steps = tuple(call.step() for call in settings.preprocess.transforms)
    image = np.zeros((1, settings.image.height, settings.image.width, settings.image.channels), np.uint8)
    transforms.check(steps, image)
    return Preparation(settings.image.policy, steps)


def stage_images(
    collection: Collection, preparation: Preparation, settings: Params, workspace: Workspace, folder: Path
) -> StagedImages:
    """Decodes every image in several processes and stages the results in `folder`.

    Raises DarkroomError for a file that differs from the manifest.
    """
    sha256 = manifest.check(workspace.dataset(settings.dataset), collection, workspace.manifest)
    tasks = decode_tasks.split_into_tasks(collection, preparation, sha256, workspace.manifest)
    chosen = settings.preprocess
    local = chosen.executor == PROCESSES
    with executors.processes(chosen.workers) if local else dask_cluster.connect(chosen) as (pool, count):
        return StagedImages(folder, collection, ordered.map_in_order(pool, count, decode_tasks.prepare, tasks))


def check(staged: StagedImages, collection: Collection, settings: Params, workspace: Workspace) -> None:
    """Raises DarkroomError if too many files were refused, or fewer than two classes have images.

    The ledger is written first, so that it names the files.
    """
    ledger.write(workspace.ledger, staged.rows)
    files = len(collection.items) + len(collection.refused)
    ledger.check_refused(staged.rows, files, settings.preprocess)
    for row in staged.rows:
        if row.action == "dropped":
            print(f"{printable(row.class_name)}: {row.reason}; left out", flush=True)
    if len(staged.classes) < 2:
        raise DarkroomError(
            f"{settings.dataset}: at least two classes must have images; only these do: {', '.join(staged.classes) or 'none'}"
        )
