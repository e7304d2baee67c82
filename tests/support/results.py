"""Made-up results of every stage before the report, for a model `tiny`, in the current folder."""

import shutil
from typing import Any

import numpy as np
import pandas as pd

from darkroom.core import artifacts, csv_files
from darkroom.core.workspace import Workspace
from darkroom.data import shards
from darkroom.data.images import opencv
from darkroom.evaluation import metrics, tables
from tests.conftest import ROOT

IMAGE = opencv.png_url(np.full((8, 8, 3), 90, np.uint8))
AFTER = opencv.png_url(np.full((8, 8, 1), 200, np.uint8))
NO_PREVIEWS: dict[str, list[Any]] = {"prepared": [], "converted": [], "duplicates": []}
CLEAN = {
    "policy": "report",
    "similarity": 0.99,
    "pairs": {"exact": 0, "near": 0, "mirrored": 0},
    "conflicts": 0,
    "leaked": 0,
}
LEAKED = {
    **CLEAN,
    "pairs": {"exact": 3, "near": 2, "mirrored": 1},
    "conflicts": 2,
    "leaked": 4,
}
DUPLICATES = ["source", "class", "split", "partner", "partner_class", "partner_split", "kind", "similarity"]
CONFIDENCE = 0.95


def summary(classes: list[str], **other: Any) -> dict[str, Any]:
    """The summary of a user's own folder whose files need no conversion."""
    counts = {name: 3 + 2 * number for number, name in enumerate(classes)}
    files = {"used": 3 * sum(counts.values()), "converted": 0, "refused": 0, "skipped": 0, "dropped": 0}
    return {
        **{"title": "Leaves", "homepage": "", "licence": "", "citation": "", "layout": "folder per class: 3 folders"},
        **{"classes": classes, "images": dict.fromkeys(("train", "validation", "test"), counts)},
        **{"files": files, "converted": {}, "refused": {}, "duplicates": CLEAN, **other},
    }


def prepare(data: dict[str, Any], previews: dict[str, Any] = NO_PREVIEWS, pairs: tuple[tuple[str, ...], ...] = ()) -> Workspace:
    """Writes what the stages before the report would have written."""
    workspace = Workspace.at()
    shutil.copy(ROOT / "tests" / "smoke.yaml", workspace.params)
    shutil.copytree(ROOT / "benchmarks", workspace.root / "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
    classes, counts = data["classes"], data["images"]["train"]
    labels = np.repeat(np.arange(len(classes)), [counts[name] for name in classes])
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 12, 16, 3), np.uint8)
    for split in ("train", "test"):
        shards.write(workspace.split(split), iter(pixels), labels)
    artifacts.write_json(workspace.data_summary, data)
    artifacts.write_json(workspace.previews, previews)
    csv_files.write(workspace.duplicates, pd.DataFrame(list(pairs), columns=DUPLICATES))
    artifacts.write_bytes(workspace.augmented("tiny"), b"a PNG file")
    verified = {"largest_difference": 1e-7, "flips": 0, "images": 9, "files": 4, "sha256": "0" * 64}
    artifacts.write_json(workspace.report("tiny", "verify"), verified)
    csv_files.write(workspace.history("tiny"), pd.read_csv(ROOT / "reports" / "history" / "cnn.csv"))
    evaluate(workspace, classes, labels)
    return workspace


def evaluate(workspace: Workspace, classes: list[str], labels: np.ndarray) -> None:
    """Writes the evaluation of a model that is wrong on every fifth image, with two errors on images that have not leaked."""
    predicted = np.where(np.arange(len(labels)) % 5 == 0, (labels + 1) % len(classes), labels)
    probabilities = np.full((len(labels), len(classes)), 0.1 / len(classes), np.float32)
    probabilities[np.arange(len(labels)), predicted] = 0.9
    rest = {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "errors": 2, "images": len(labels) - 4}
    evaluation = {
        **metrics.summary(labels, probabilities, CONFIDENCE),
        **{"without_leaked": rest, "temperature": 1.0, "unsure_below": None, "answered": 1.0, "answered_error_rate": 0.1},
        **{"calibration_error": 0.01, "calibration_error_before": 0.02, "bytes": 9000},
    }
    int8 = {**evaluation, "kept": True, "reason": "kept"}
    artifacts.write_json(workspace.evaluation("tiny"), {**evaluation, "parameters": 9, "multiply_adds": 99, "int8": int8})
    csv_files.write(workspace.confusion("tiny"), tables.confusion(labels, predicted, classes))
    rows = tables.predictions(labels, probabilities, classes).assign(probability=0.9)
    csv_files.write(workspace.predictions("tiny"), rows)
