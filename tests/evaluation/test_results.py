"""The results of a model's files: accuracy with and without leaked images, the headline figures, the line that is printed."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from darkroom.core import csv_files
from darkroom.core.errors import DarkroomError
from darkroom.evaluation import metrics, results
from tests.evaluation.test_metrics import LABELS, PROBABILITIES

METADATA = SimpleNamespace(temperature=1.0, unsure_below=None)


def test_leaked_images_are_those_that_the_index_flags(tmp_path: Path) -> None:
    index = tmp_path / "index.csv"
    flags = ["leaked", "", "leaked", "grey leaked", "unleaked", "cmyk"]
    sources = ["a", "b\nc", "d\re", 'f"g', "h,i", "NA"]
    csv_files.write(index, pd.DataFrame({"split": ["train", *["test"] * 5], "source": sources, "flags": flags}))
    assert results.leaked(index, 5).tolist() == [False, True, True, False, False]
    message = f"^{re.escape(str(index))}: 5 test images, but 6 prepared; run `dvc repro preprocess`$"
    with pytest.raises(DarkroomError, match=message):
        results.leaked(index, 6)


@pytest.mark.parametrize(("leaked", "right", "images"), [([], 4, 6), ([1], 4, 5), ([0, 2, 3], 1, 3)])
def test_the_accuracy_without_leaked_images(leaked: list[int], right: int, images: int) -> None:
    figures = results.figures(LABELS, PROBABILITIES, METADATA, 0.95, np.isin(np.arange(6), leaked))
    assert figures["without_leaked"] == metrics.accuracy(np.arange(images) < right, 0.95)
    assert figures["accuracy"] == pytest.approx(4 / 6)
    rest = f"; without the {len(leaked)} that have a duplicate in train or validation: {right / images:.4f}" if leaked else ""
    assert results.sentence(figures) == f"accuracy 0.6667 (0.3000 to 0.9032) on 6 test images{rest}"
    assert results.sentence({**figures, "without_leaked": {"images": 0}}).endswith("validation: none is left")


def test_the_headline_has_five_figures() -> None:
    figures = results.figures(LABELS, PROBABILITIES, METADATA, 0.95, np.zeros(6, bool))
    keys = ("accuracy", "errors", "log_loss", "macro_f1")
    assert results.headline(figures) == {**{key: figures[key] for key in keys}, "ece": figures["calibration_error"]}


def test_a_precision_that_was_not_kept_has_only_its_reason() -> None:
    report = {"float32": {"accuracy": 1.0}, "int8": {"kept": False, "reason": "no gain", "tried": []}}
    quantized = results.quantized("cnn", report, {}, SimpleNamespace(labels=LABELS), 0.95, np.zeros(6, bool))
    assert quantized == {"int8": {"kept": False, "reason": "no gain"}}


def test_a_damaged_quantized_file_is_named_with_its_model() -> None:
    split, report = SimpleNamespace(labels=LABELS, batches=lambda: iter(())), {"int8": {"kept": True, "reason": "kept"}}
    with pytest.raises(DarkroomError, match=r"^cnn int8: not an ONNX model that onnxruntime can run: "):
        results.quantized("cnn", report, {"int8": b"not a model"}, split, 0.95, np.zeros(6, bool))
