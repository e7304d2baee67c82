"""Metrics against published examples, scikit-learn and cases worked out by hand."""

import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss

from darkroom.evaluation import metrics

LABELS = np.array([0, 0, 1, 1, 2, 2])
PROBABILITIES = np.array(
    [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4], [0.5, 0.3, 0.2]], np.float32
)


def test_the_interval_matches_a_published_example() -> None:
    # 81 of 263 at 95 %: 0.2553 to 0.3662 (Newcombe 1998, Statistics in Medicine 17, table I, method 3)
    row = metrics.accuracy(np.arange(263) < 81, 0.95)
    assert row == {
        **{"accuracy": 81 / 263, "errors": 182, "images": 263},
        **{"accuracy_low": pytest.approx(0.2553, abs=5e-5), "accuracy_high": pytest.approx(0.3662, abs=5e-5)},
    }
    assert metrics.accuracy(np.zeros(20, bool), 0.95)["accuracy_low"] == 0
    assert metrics.accuracy(np.ones(20, bool), 0.95)["accuracy_high"] == 1


def test_the_accuracy_on_no_images_is_none() -> None:
    none = {"accuracy": None, "accuracy_low": None, "accuracy_high": None, "errors": 0, "images": 0}
    assert metrics.accuracy(np.zeros(0, bool), 0.95) == none


def test_the_summary_by_hand() -> None:
    f1 = 1 / 2, 4 / 5, 2 / 3  # of classes with 1 of 2, 2 of 2 and 1 of 2 images right; 2, 3 and 1 predictions
    assert metrics.summary(LABELS, PROBABILITIES, 0.95) == {
        **metrics.accuracy(np.arange(6) < 4, 0.95),
        "log_loss": pytest.approx(-np.log([0.8, 0.2, 0.8, 0.6, 0.4, 0.2]).mean(), abs=1e-6),
        "macro_f1": pytest.approx(np.mean(f1)),
    }


def test_a_class_without_images_counts_in_the_macro_f1() -> None:
    assert metrics.summary(np.zeros(2, np.int64), np.eye(3, dtype=np.float32)[[0, 0]], 0.95)["macro_f1"] == 1 / 3


def test_the_log_loss_matches_scikit_learn_except_for_confident_errors() -> None:
    assert metrics.log_loss(LABELS, PROBABILITIES) == pytest.approx(sklearn_log_loss(LABELS, PROBABILITIES), abs=1e-6)
    confident, labels = np.array([[1 - 1e-20, 1e-20]], np.float32), np.array([1])
    assert metrics.log_loss(labels, confident) == pytest.approx(20 * np.log(10))
    assert sklearn_log_loss(labels, confident, labels=[0, 1]) == pytest.approx(15.9, abs=0.1)
    assert np.isfinite(metrics.log_loss(labels, np.array([[1, 0]], np.float32)))


def test_withholding_by_hand() -> None:
    confidence = np.array([0.99, 0.9, 0.8, 0.8, 0.7], np.float32)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    answered = metrics.selective(np.array([0, 0, 0, 1, 0]), probabilities, 0.75)
    assert answered == {"answered": 0.8, "answered_error_rate": 0.25}
