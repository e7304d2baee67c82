from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError
from darkroom.evaluation import metrics
from darkroom.reporting import data_section, figures, page
from pipeline import evaluate

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


def test_the_commonest_errors_come_first_and_hits_are_none() -> None:
    counts = np.array([[90, 2, 0], [5, 80, 2], [0, 0, 70]])
    assert metrics.confused(counts, 9) == [(1, 0), (0, 1), (1, 2)]
    assert metrics.confused(counts, 1) == [(1, 0)]


def test_the_share_of_no_answers_is_none() -> None:
    none = {"accuracy": None, "accuracy_low": None, "accuracy_high": None, "errors": 0, "images": 0}
    assert metrics.accuracy(np.zeros(0, bool), 0.95) == none


@pytest.mark.parametrize(("leaked", "right", "images"), [([], 4, 6), ([1], 4, 5), ([0, 2, 3], 1, 3)])
def test_the_accuracy_without_leaked_images(leaked: list[int], right: int, images: int) -> None:
    stamp = SimpleNamespace(temperature=1.0, unsure_below=None)
    clean = ~np.isin(np.arange(6), leaked)
    found = evaluate.figures(LABELS, PROBABILITIES, stamp, 0.95, clean)
    low, high = metrics.wilson(right, images, 0.95)
    counted = {"accuracy": right / images, "errors": images - right, "images": images}
    assert found["without_leaked"] == {**counted, "accuracy_low": low, "accuracy_high": high}
    assert found["accuracy"] == pytest.approx(4 / 6)
    rest = f"{right / images:.4f}"
    told = f"; without the {len(leaked)} that have a duplicate in train or validation: {rest}" if leaked else ""
    assert evaluate.besides(found) == told
    assert evaluate.besides({**found, "without_leaked": {"images": 0}}).endswith("validation: none is left")


def test_leaked_images_are_those_the_index_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    flags = ["leaked", "", "leaked", "grey leaked", "unleaked", "cmyk"]
    sources = ["a", "b\nc", "d\re", 'f"g', "h,i", "NA"]
    index = pd.DataFrame({"split": ["train", *["test"] * 5], "source": sources, "flags": flags})
    artifacts.write_csv(paths.INDEX, index)
    assert evaluate.leaked(5).tolist() == [False, True, True, False, False]
    with pytest.raises(
        DarkroomError, match=r"^data/prepared/index.csv: 5 test images, but 6 prepared; run `dvc repro preprocess`$"
    ):
        evaluate.leaked(6)


def test_the_balance_is_by_split_and_a_class_may_be_missing() -> None:
    images = {"train": {"a": 4, "b": 1}, "validation": {"a": 2}, "test": {}}
    told = {"classes": ["a", "b", "c"], "images": images}
    assert data_section.balance(told) == {"train": {"a": 1.0, "b": 0.25}, "validation": {"a": 1.0}, "test": {}}
    assert data_section.extremes(told) == (("a", 4), ("c", 0))


def test_a_thumbnail_keeps_its_proportions_and_a_small_picture_its_pixels() -> None:
    pixels = np.arange(40 * 20, dtype=np.uint8).reshape(40, 20, 1)
    assert figures.thumbnail(pixels, 40) is pixels
    assert figures.thumbnail(pixels, 10).shape == (10, 5, 1)
    assert figures.mosaic(np.stack([pixels] * 3), 10).shape == (10, 15, 1)


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
    assert page.whole(1234567) == "1,234,567"
    assert page.percent(0.93125) == "93.12\u00a0%"
    assert [page.heat(share) for share in (0.0, 0.01, 1.0)] == [0, 8, 80]
