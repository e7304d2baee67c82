"""Writes reports/data/summary.json: counts of images by class and split, of files by action and reason, and of duplicates."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from darkroom.config import Params
from darkroom.core import artifacts
from darkroom.core.errors import printable
from darkroom.core.workspace import Workspace
from darkroom.data import duplicate_policy, index, ledger
from darkroom.data.duplicate_policy import Partition
from darkroom.data.ledger import Row
from darkroom.data.sources import dataset
from darkroom.data.sources.readers import Collection
from darkroom.data.staging import StagedImages

ACTIONS = ("converted", "refused", "dropped")


def counts(collection: Collection, rows: Sequence[Row], classes: Sequence[str], indexed: pd.DataFrame) -> dict[str, Any]:
    """The layout, the images of each class by split, the files by action, and the reasons."""
    files = {action: sum(row.action == action and row.source != "" for row in rows) for action in ACTIONS}
    return {
        "layout": collection.layout,
        "classes": list(classes),
        "images": index.counts(indexed),
        "files": {"used": len(indexed), **files, "skipped": collection.skipped},
        "converted": ledger.totals(rows, "converted"),
        "refused": ledger.totals(rows, "refused"),
    }


def write(
    collection: Collection,
    staged: StagedImages,
    partition: Partition,
    indexed: pd.DataFrame,
    settings: Params,
    workspace: Workspace,
) -> None:
    """Writes the summary, and prints the number of images by split and of files by action."""
    description = dataset.describe(settings.dataset, workspace)
    sums = counts(collection, staged.rows, staged.classes, indexed)
    chosen = settings.preprocess.duplicates
    pairs = {"policy": chosen.policy, "similarity": chosen.similarity, **duplicate_policy.summary(partition)}
    artifacts.write_json(workspace.data_summary, {**asdict(description), **sums, "duplicates": pairs})
    sizes = ", ".join(f"{split} {sum(classes.values())}" for split, classes in sums["images"].items())
    files = ", ".join(f"{number} {action}" for action, number in sums["files"].items() if number and action != "used")
    print(f"{printable(description.title)}: {sizes}" + (f"; files: {files}" if files else ""))
