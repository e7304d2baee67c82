import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from pipeline.evaluation import figures, metrics, page

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
    found = metrics.summary(LABELS, PROBABILITIES, 0.95)
    predicted = PROBABILITIES.argmax(axis=1)
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["errors"] == 2
    assert found["macro_f1"] == pytest.approx(f1_score(LABELS, predicted, average="macro"))
    assert found["log_loss"] == pytest.approx(sklearn_log_loss(LABELS, PROBABILITIES), abs=1e-6)
    assert metrics.confusion(LABELS, predicted, 3).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]


def test_a_class_nobody_predicts_has_precision_zero() -> None:
    rows = metrics.by_class(np.array([[2, 0], [3, 0]]))
    assert {name: values.tolist() for name, values in rows.items()} == {
        "precision": [0.4, 0],
        "recall": [1, 0],
        "f1": [pytest.approx(4 / 7), 0],
    }


def test_figures_are_the_same_bytes_and_follow_the_page() -> None:
    history = pd.DataFrame(
        {"epoch": [1, 2], "accuracy": [0.5, 0.6], "val_accuracy": [0.4, 0.7], "loss": [1, 0.8], "val_loss": [1.1, 0.7]}
    )
    first, second = figures.learning_curves({"cnn": history}), figures.learning_curves({"cnn": history})
    assert first == second
    assert "currentColor" in first
    assert figures.INK not in first


def test_numbers_are_said_shortly() -> None:
    assert [page.count(number) for number in (12, 74514, 1234567)] == ["12", "74.5\u00a0k", "1.23\u00a0M"]
    assert page.percent(0.93125) == "93.12\u00a0%"
    assert [page.heat(share) for share in (0.0, 0.01, 1.0)] == [0, 8, 80]
