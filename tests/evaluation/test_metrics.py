"""Figures of merit, against published examples, scikit-learn and cases by hand."""

import numpy as np
import pytest
from sklearn.metrics import f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from darkroom.evaluation import metrics

LABELS = np.array([0, 0, 1, 1, 2, 2])
PROBABILITIES = np.array(
    [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4], [0.5, 0.3, 0.2]], np.float32
)


def test_wilson_against_the_published_example() -> None:
    # 81 of 263 at 95 %: 0.2553 to 0.3662 (Newcombe 1998, Statistics in Medicine 17, table I, method 3)
    assert metrics.wilson(81, 263, 0.95) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert metrics.wilson(0, 20, 0.95)[0] == 0
    assert metrics.wilson(20, 20, 0.95)[1] == 1


def test_summary_against_scikit_learn() -> None:
    summary = metrics.summary(LABELS, PROBABILITIES, 0.95)
    predicted = PROBABILITIES.argmax(axis=1)
    assert summary["accuracy"] == pytest.approx(4 / 6)
    assert summary["errors"] == 2
    assert summary["macro_f1"] == pytest.approx(f1_score(LABELS, predicted, average="macro"))
    assert summary["log_loss"] == pytest.approx(sklearn_log_loss(LABELS, PROBABILITIES), abs=1e-6)
    assert metrics.confusion(LABELS, predicted, 3).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]


def test_a_class_that_is_never_predicted_has_precision_zero() -> None:
    rows = metrics.by_class(np.array([[2, 0], [3, 0]]))
    assert {name: values.tolist() for name, values in rows.items()} == {
        "precision": [0.4, 0],
        "recall": [1, 0],
        "f1": [pytest.approx(4 / 7), 0],
    }


def test_the_most_frequent_errors_come_first_without_right_answers() -> None:
    counts = np.array([[90, 2, 0], [5, 80, 2], [0, 0, 70]])
    assert metrics.most_confused(counts, 9) == [(1, 0), (0, 1), (1, 2)]
    assert metrics.most_confused(counts, 1) == [(1, 0)]


def test_the_accuracy_on_no_images_is_none() -> None:
    none = {"accuracy": None, "accuracy_low": None, "accuracy_high": None, "errors": 0, "images": 0}
    assert metrics.accuracy(np.zeros(0, bool), 0.95) == none


def test_withholding_by_hand() -> None:
    confidence = np.array([0.99, 0.9, 0.8, 0.8, 0.7], np.float32)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    answered = metrics.selective(np.array([0, 0, 0, 1, 0]), probabilities, 0.75)
    assert answered == {"answered": 0.8, "answered_error_rate": 0.25}
