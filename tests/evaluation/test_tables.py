"""The tables of a model's answers, whole, with names that CSV finds hard."""

from pathlib import Path

import numpy as np

from darkroom.core import csv_files
from darkroom.evaluation import tables

CLASSES = ["NA", "a\rb", 'c,"d"']
LABELS = np.array([0, 1, 2])
PROBABILITIES = np.array([[0.5, 0.25, 0.25], [0.75, 0.25, 0.0], [0.0, 0.0, 1.0]], np.float32)


def test_predictions_are_read_as_they_were_written(tmp_path: Path) -> None:
    csv_files.write(tmp_path / "tiny.csv", tables.predictions(LABELS, PROBABILITIES, CLASSES))
    assert tables.read(tmp_path / "tiny.csv").to_dict("list") == {
        "id": ["test/000000", "test/000001", "test/000002"],
        "actual": CLASSES,
        "predicted": ["NA", "NA", 'c,"d"'],
        "probability": ["0.500000", "0.750000", "1.000000"],
    }
    assert tables.read(tmp_path / "tiny.csv", ["actual"]).to_dict("list") == {"actual": CLASSES}


def test_confusion_and_figures_by_class() -> None:
    counts = np.array([[1, 1], [0, 2]])
    assert tables.confusion(counts, ["a", "b"]).to_dict("list") == {"actual": ["a", "b"], "a": [1, 0], "b": [1, 2]}
    rows = tables.by_class(counts, ["a", "b"]).to_dict("list")
    assert rows == {"class": ["a", "b"], "precision": [1, 2 / 3], "recall": [0.5, 1], "f1": [2 / 3, 0.8]}
