"""Errors on the test split: which classes are confused, and the most confident mistakes."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from darkroom.config.schema import Params
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.evaluation import metrics, tables
from darkroom.reporting import figures
from darkroom.reporting.sections.data import MANY, SIDE

PAIRS = 20  # of confused classes, at most


def content(workspace: Workspace, settings: Params, classes: Sequence[str]) -> dict[str, Any]:
    """Confusions and mistakes of each model."""
    return {
        "confusions": {name: confusions(workspace, name, classes) for name in settings.models},
        "mistakes": {name: mistakes(workspace, name, settings.report.mistakes) for name in settings.models},
    }


def confusions(workspace: Workspace, model: str, classes: Sequence[str]) -> dict[str, Any]:
    """`counts`, a list per true class; for more than 30 classes, `rows` instead: the pairs that are confused most often."""
    counts = tables.read(workspace.confusion(model)).iloc[:, 1:].to_numpy(np.int64)
    if len(classes) <= MANY:
        return {"counts": counts.tolist()}
    rows = [
        {
            "actual": classes[true],
            "predicted": classes[other],
            "images": int(counts[true, other]),
            "of": int(counts[true].sum()),
        }
        for true, other in metrics.most_confused(counts, PAIRS)
    ]
    return {"rows": rows}


def mistakes(workspace: Workspace, model: str, most: int) -> list[dict[str, Any]]:
    """The wrong answers with the highest probability, at most `most`, with their images."""
    table = tables.read(workspace.predictions(model)).astype({"probability": float})
    wrong = table[table["actual"] != table["predicted"]]
    worst = wrong.sort_values(["probability", "id"], ascending=[False, True]).head(most)
    images = Shards(workspace.split("test")).images(worst.index.to_numpy())
    rows: list[dict[str, Any]] = json.loads(worst.to_json(orient="records", double_precision=6))
    thumbnails = [figures.png(figures.thumbnail(image, SIDE)) for image in images]
    return [{**row, "image": thumbnail} for row, thumbnail in zip(rows, thumbnails, strict=True)]
