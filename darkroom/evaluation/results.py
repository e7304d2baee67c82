"""The results of a model's ONNX files on a split, for reports/evaluation/MODEL.json.

`leaked` (bool N) marks the images that have a duplicate in train or validation.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkroom.data.shards import Shards
from darkroom.evaluation import calibration, metrics
from darkroom.evaluation.metrics import Labels, Probabilities
from darkroom.inference import session
from darkroom.inference.metadata import Metadata, from_texts


def answers(content: bytes, name: str, split: Shards) -> tuple[Probabilities, Metadata]:
    """The probabilities that an ONNX file gives for a split, float32 N x K, and its metadata. `name` is used in messages."""
    probabilities, texts = session.load_and_run(content, name, split.batches())
    return probabilities, from_texts(texts, name)


def figures(
    labels: Labels, probabilities: Probabilities, metadata: Metadata, confidence: float, leaked: NDArray[np.bool_]
) -> dict[str, Any]:
    """Accuracy with and without leaked images, calibration with and without the temperature, and the effect of "unsure".

    `metadata` is that of the file, `confidence` the level of the intervals, 0..1.
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
    """The figures of each quantized file of the model `name` by its precision; if it was not kept, the reason.

    `report` is reports/quantize/MODEL.json, `contents` the bytes of the files that were kept.
    """
    decided = {precision: row for precision, row in report.items() if "kept" in row}
    results: dict[str, Any] = {precision: {"kept": False, "reason": row["reason"]} for precision, row in decided.items()}
    for precision, content in contents.items():
        probabilities, metadata = answers(content, f"{name} {precision}", split)
        row = figures(split.labels, probabilities, metadata, confidence, leaked)
        results[precision] = {"kept": True, "reason": report[precision]["reason"], **row, "bytes": len(content)}
    return results


def costs(report: Mapping[str, Any]) -> dict[str, int]:
    """Size, parameters and multiply-adds of the ONNX file, from the content of reports/export/MODEL.json."""
    return {key: report[key] for key in ("bytes", "parameters", "multiply_adds")}


def headline(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """The five figures of reports/metrics/MODEL.json, for `dvc metrics show`; ece is the expected calibration error."""
    plain = {key: evaluation[key] for key in ("accuracy", "errors", "log_loss", "macro_f1")}
    return {**plain, "ece": evaluation["calibration_error"]}


def sentence(evaluation: Mapping[str, Any]) -> str:
    """The accuracy of a model in one line, with and without leaked images."""
    low, high, images = (evaluation[key] for key in ("accuracy_low", "accuracy_high", "images"))
    line = f"accuracy {evaluation['accuracy']:.4f} ({low:.4f} to {high:.4f}) on {images} test images"
    rest = evaluation["without_leaked"]
    if rest["images"] == images:
        return line
    share = f"{rest['accuracy']:.4f}" if rest["images"] else "none is left"
    return f"{line}; without the {images - rest['images']} that have a duplicate in train or validation: {share}"
