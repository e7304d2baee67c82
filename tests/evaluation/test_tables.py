"""The tables of a model's predictions, with class names that are hard to write as CSV."""

from pathlib import Path

import numpy as np
import pytest

from darkroom.core import csv_files
from darkroom.evaluation import tables

CLASSES = ["NA", "a\rb", 'c,"d"']
LABELS = np.array([0, 1, 2])
PROBABILITIES = np.array([[0.5, 0.25, 0.25], [0.75, 0.25, 0.0], [0.0, 0.0, 1.0]], np.float32)


def test_predictions_are_read_as_they_were_written(tmp_path: Path) -> None:
    csv_files.write(tmp_path / "tiny.csv", tables.predictions(LABELS, PROBABILITIES, CLASSES))
    assert csv_files.read(tmp_path / "tiny.csv").to_dict("list") == {
        "id": ["test/000000", "test/000001", "test/000002"],
        "actual": CLASSES,
        "predicted": ["NA", "NA", 'c,"d"'],
        "probability": ["0.500000", "0.750000", "1.000000"],
    }
    assert csv_files.read(tmp_path / "tiny.csv", ["actual"]).to_dict("list") == {"actual": CLASSES}


def test_confusion_and_figures_by_class() -> None:
    labels, predicted = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])
    assert tables.confusion(labels, predicted, ["a", "b"]).to_dict("list") == {"actual": ["a", "b"], "a": [1, 0], "b": [1, 2]}
    rows = tables.by_class(labels, predicted, ["a", "b"]).to_dict("list")
    assert rows == {"class": ["a", "b"], "precision": [1, 2 / 3], "recall": [0.5, 1], "f1": [2 / 3, 0.8]}


def test_a_class_without_images_or_predictions_has_a_row_of_zeros() -> None:
    labels, predicted = np.array([0, 0, 1, 1, 1]), np.zeros(5, np.int64)
    assert tables.confusion(labels, predicted, CLASSES).to_numpy().tolist() == [
        ["NA", 2, 0, 0],
        ["a\rb", 3, 0, 0],
        ['c,"d"', 0, 0, 0],
    ]
    rows = tables.by_class(labels, predicted, CLASSES).to_dict("list")
    assert rows == {"class": CLASSES, "precision": [0.4, 0, 0], "recall": [1, 0, 0], "f1": [pytest.approx(4 / 7), 0, 0]}
