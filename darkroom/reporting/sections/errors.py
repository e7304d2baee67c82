"""Errors on the test split: confused classes, and the most confident mistakes."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkroom.config.schema import Params
from darkroom.core import csv_files
from darkroom.core.workspace import Workspace
from darkroom.data.images import opencv
from darkroom.data.shards import Shards
from darkroom.reporting.sections.data import MANY, SIDE

PAIRS = 20  # of confused classes, at most


def content(workspace: Workspace, settings: Params, classes: Sequence[str]) -> dict[str, Any]:
    """The confusions and mistakes of each model."""
    return {
        "confusions": {name: confusions(workspace, name, classes) for name in settings.models},
        "mistakes": {name: mistakes(workspace, name, settings.report.mistakes) for name in settings.models},
    }


def confusions(workspace: Workspace, model: str, classes: Sequence[str]) -> dict[str, Any]:
    """`counts`, a list per true class; with more than 30 classes, `rows` instead: the most frequent confusions."""
    counts = csv_files.read(workspace.confusion(model)).iloc[:, 1:].to_numpy(np.int64)
    if len(classes) <= MANY:
        return {"counts": counts.tolist()}
    rows = [
        {
            "actual": classes[true],
            "predicted": classes[other],
            "images": int(counts[true, other]),
            "of": int(counts[true].sum()),
        }
        for true, other in most_confused(counts, PAIRS)
    ]
    return {"rows": rows}


def most_confused(counts: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """The `most` most frequent errors in K x K counts, in descending order: pairs of true and predicted class."""
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    return [divmod(int(cell), len(counts)) for cell in order if wrong.flat[cell]]


def mistakes(workspace: Workspace, model: str, most: int) -> list[dict[str, Any]]:
    """The `most` wrong answers of highest probability, with their images."""
    table = csv_files.read(workspace.predictions(model)).astype({"probability": float})
    wrong = table[table["actual"] != table["predicted"]]
    selected = wrong.sort_values(["probability", "id"], ascending=[False, True]).head(most)
    images = Shards(workspace.split("test")).images(selected.index.to_numpy())
    rows: list[dict[str, Any]] = json.loads(selected.to_json(orient="records", double_precision=6))
    thumbnails = [opencv.png_url(opencv.thumbnail(image, SIDE)) for image in images]
    return [{**row, "image": thumbnail} for row, thumbnail in zip(rows, thumbnails, strict=True)]
