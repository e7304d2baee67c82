"""Made-up results of every stage before the report, for a model `tiny`."""

import shutil
from typing import Any

import numpy as np
import pandas as pd

from darkroom.core import artifacts, paths
from darkroom.data import shards
from darkroom.evaluation import metrics
from darkroom.reporting import figures
from tests.conftest import ROOT

PICTURE = figures.png(np.full((8, 8, 3), 90, np.uint8))
AFTER = figures.png(np.full((8, 8, 1), 200, np.uint8))
NO_PICTURES: dict[str, list[Any]] = {"prepared": [], "odd": [], "duplicates": []}
CLEAN = {
    "policy": "report",
    "similarity": 0.99,
    "pairs": {"exact": 0, "near": 0, "mirrored": 0},
    "across": {},
    "conflicts": 0,
    "leaked": 0,
}
LEAKY = {
    **CLEAN,
    "pairs": {"exact": 3, "near": 2, "mirrored": 1},
    "across": {"train": 4, "train and test": 8},
    "conflicts": 2,
    "leaked": 4,
}


def summary(classes: list[str], **other: Any) -> dict[str, Any]:
    """Of a user's own folder, all of it taken as it is."""
    counts = {name: 3 + 2 * place for place, name in enumerate(classes)}
    files = {"used": 3 * sum(counts.values()), "converted": 0, "refused": 0, "skipped": 0, "dropped": 0}
    return {
        **{"title": "Leaves", "homepage": "", "licence": "", "citation": "", "layout": "folder per class: 3 folders"},
        **{"classes": classes, "images": dict.fromkeys(("train", "validation", "test"), counts)},
        **{"files": files, "converted": {}, "refused": {}, "duplicates": CLEAN, **other},
    }


def prepare(data: dict[str, Any], pictures: dict[str, Any] = NO_PICTURES, pairs: tuple[tuple[str, ...], ...] = ()) -> None:
    """What the stages before would have written, in the working folder."""
    shutil.copy(ROOT / "tests" / "smoke.yaml", paths.PARAMS)
    shutil.copytree(ROOT / "benchmarks", "benchmarks", ignore=shutil.ignore_patterns("__pycache__"))
    classes, counts = data["classes"], data["images"]["train"]
    labels = np.repeat(np.arange(len(classes)), [counts[name] for name in classes])
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 12, 16, 3), np.uint8)
    for split in ("train", "test"):
        shards.write(paths.prepared(split), iter(pixels), labels)
    artifacts.write_json(paths.DATA_SUMMARY, data)
    artifacts.write_json(paths.PICTURES, pictures)
    columns = ["source", "class", "split", "partner", "partner_class", "partner_split", "kind", "similarity"]
    artifacts.write_csv(paths.DUPLICATES, pd.DataFrame(list(pairs), columns=columns))
    artifacts.write_bytes(paths.augmented("tiny"), b"a PNG file")
    artifacts.write_json(
        paths.verdict("tiny"), {"largest_difference": 1e-7, "flips": 0, "images": 9, "files": 4, "sha256": "0" * 64}
    )
    artifacts.write_csv(paths.history("tiny"), pd.read_csv(ROOT / "reports" / "history" / "cnn.csv"))
    answers(classes, labels)


def answers(classes: list[str], labels: np.ndarray) -> None:
    """A model that is right but for every fifth image, and whose errors are half as many without leaked images."""
    predicted = np.where(np.arange(len(labels)) % 5 == 0, (labels + 1) % len(classes), labels)
    sure = np.full((len(labels), len(classes)), 0.1 / len(classes), np.float32)
    sure[np.arange(len(labels)), predicted] = 0.9
    rest = {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "errors": 2, "images": len(labels) - 4}
    found = {**metrics.summary(labels, sure, 0.95), "without_leaked": rest, "temperature": 1.0, "unsure_below": None}
    found |= {
        "calibration_error": 0.01,
        "calibration_error_before": 0.02,
        "answered": 1.0,
        "answered_error_rate": 0.1,
        "bytes": 9000,
    }
    form = {**found, "kept": True, "reason": "kept"}
    artifacts.write_json(paths.metrics("tiny"), {**found, "parameters": 9, "multiply_adds": 99, "int8": form})
    counts = pd.DataFrame(metrics.confusion(labels, predicted, len(classes)), columns=classes)
    artifacts.write_csv(paths.confusion("tiny"), pd.DataFrame({"actual": classes}).join(counts))
    names = np.asarray(classes)
    told = {"actual": names[labels], "predicted": names[predicted], "probability": 0.9}
    artifacts.write_csv(
        paths.predictions("tiny"), pd.DataFrame({"id": [f"test/{row:06d}" for row in range(len(labels))], **told})
    )
