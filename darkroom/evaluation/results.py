"""The results of a model's ONNX files on the test split, for reports/evaluation/MODEL.json.

`leaked` (bool N) marks the test images that have a duplicate in train or validation: a model may have memorised them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkroom.core import csv_files
from darkroom.core.arrays import Labels, Probabilities
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import PRECISIONS
from darkroom.data.index import LEAKED
from darkroom.data.shards import Shards
from darkroom.evaluation import calibration, metrics
from darkroom.inference import session
from darkroom.inference.metadata import Metadata, from_texts


def leaked(index: Path, images: int) -> NDArray[np.bool_]:
    """Which test images have leaked, bool N, according to the index of the prepared images.

    Raises DarkroomError unless the index lists `images` test images.
    """
    rows = csv_files.read(index, ["split", "flags"])
    flags = rows.loc[rows["split"] == "test", "flags"]
    if len(flags) != images:
        raise DarkroomError(f"{index}: {len(flags)} test images, but {images} prepared; run `dvc repro preprocess`")
    return np.array([LEAKED in words.split() for words in flags], bool)


def answers(content: bytes, name: str, split: Shards) -> tuple[Probabilities, Metadata]:
    """The probabilities of an ONNX file for a split, float32 N x K, and its metadata. `name` is used in messages."""
    runner = session.load(content, name)
    return session.run_batches(runner, split.batches()), from_texts(session.metadata(runner, name), name)


def figures(
    labels: Labels, probabilities: Probabilities, metadata: Metadata, confidence: float, leaked: NDArray[np.bool_]
) -> dict[str, Any]:
    """Accuracy with and without leaked images, calibration before and after the temperature, and the effect of "unsure".

    `metadata` is the file's, `confidence` the level of the intervals, 0..1.
    """
    uncalibrated = calibration.temperature_scaled(probabilities, 1 / metadata.temperature)
    return {
        **metrics.summary(labels, probabilities, confidence),
        "without_leaked": metrics.accuracy((probabilities.argmax(axis=1) == labels)[~leaked], confidence),
        **metrics.selective(labels, probabilities, metadata.unsure_below or 0.0),
        "calibration_error": calibration.expected_calibration_error(probabilities, labels),
        "calibration_error_before": calibration.expected_calibration_error(uncalibrated, labels),
        "temperature": metadata.temperature,
        "unsure_below": metadata.unsure_below,
    }


def quantized(
    name: str,
    report: Mapping[str, Any],
    contents: Mapping[str, bytes],
    split: Shards,
    confidence: float,
    leaked: NDArray[np.bool_],
) -> dict[str, Any]:
    """The figures of each quantized file of the model `name` by precision; the reason alone for one that was not kept.

    `report` is reports/quantize/MODEL.json, `contents` the bytes of the files that were kept.
    """
    tried = [precision for precision in PRECISIONS if precision in report]
    results: dict[str, Any] = {precision: {"kept": False, "reason": report[precision]["reason"]} for precision in tried}
    for precision, content in contents.items():
        probabilities, metadata = answers(content, f"{name} {precision}", split)
        row = figures(split.labels, probabilities, metadata, confidence, leaked)
        results[precision] = {"kept": True, "reason": report[precision]["reason"], **row, "bytes": len(content)}
    return results


def costs(report: Mapping[str, Any]) -> dict[str, int]:
    """Size, parameters and multiply-adds of the ONNX file, from the content of reports/export/MODEL.json."""
    return {key: report[key] for key in ("bytes", "parameters", "multiply_adds")}


def headline(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """The five figures of reports/metrics/MODEL.json, for `dvc metrics show`; `ece` is the expected calibration error."""
    figures = {key: evaluation[key] for key in ("accuracy", "errors", "log_loss", "macro_f1")}
    return {**figures, "ece": evaluation["calibration_error"]}


def sentence(evaluation: Mapping[str, Any]) -> str:
    """One line on the accuracy of a model, with and without leaked images."""
    low, high, images = (evaluation[key] for key in ("accuracy_low", "accuracy_high", "images"))
    line = f"accuracy {evaluation['accuracy']:.4f} ({low:.4f} to {high:.4f}) on {images} test images"
    rest = evaluation["without_leaked"]
    if rest["images"] == images:
        return line
    share = f"{rest['accuracy']:.4f}" if rest["images"] else "none is left"
    return f"{line}; without the {images - rest['images']} that have a duplicate in train or validation: {share}"
