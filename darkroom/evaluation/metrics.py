"""Metrics of a classifier, from labels and probabilities, in NumPy."""

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float32]


def wilson(hits: int, trials: int, confidence: float) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927, JASA 22): it lies in 0..1 and is accurate near both ends."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, spread = hits / trials, z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * float(np.sqrt(share * (1 - share) / trials + spread / (4 * trials)))
    return max(0.0, middle - half), min(1.0, middle + half)


def confusion(labels: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """The confusion matrix, K x K counts: a row per true class, a column per predicted class."""
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def log_loss(labels: Labels, probabilities: Probabilities) -> float:
    """Mean of -log(probability of the true class), in nats."""
    true = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(true, np.finfo(np.float64).tiny)).mean())


def by_class(counts: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Precision, recall and F1 of each class, from K x K counts; 0 for a class that is never predicted or has no images."""
    hits = np.diag(counts).astype(np.float64)
    precision = hits / np.maximum(counts.sum(axis=0), 1)
    recall = hits / np.maximum(counts.sum(axis=1), 1)
    both = precision + recall
    f1 = np.where(both > 0, 2 * precision * recall / np.where(both > 0, both, 1), 0)
    return {"precision": precision, "recall": recall, "f1": f1}


def selective(labels: Labels, probabilities: Probabilities, unsure_below: float) -> dict[str, float]:
    """The effect of withholding answers below the threshold: the share that is answered, and its error rate."""
    answered = probabilities.max(axis=1) >= unsure_below
    wrong = (probabilities.argmax(axis=1) != labels) & answered
    return {"answered": float(answered.mean()), "answered_error_rate": float(wrong.sum() / max(answered.sum(), 1))}


def most_confused(counts: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """The `most` most frequent errors in K x K counts, in descending order: pairs of the true and the predicted class."""
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    return [divmod(int(cell), len(counts)) for cell in order if wrong.flat[cell]]


def accuracy(right: NDArray[np.bool_], confidence: float) -> dict[str, Any]:
    """Accuracy with its interval, and the counts behind it; accuracy and interval are None if there are no images."""
    hits, images = int(right.sum()), len(right)
    low, high = wilson(hits, images, confidence) if images else (None, None)
    share = hits / images if images else None
    return {"accuracy": share, "accuracy_low": low, "accuracy_high": high, "errors": images - hits, "images": images}


def summary(labels: Labels, probabilities: Probabilities, confidence: float) -> dict[str, Any]:
    """Accuracy with its interval, log loss and macro F1 of N x K probabilities; `confidence` is the level of the interval."""
    predicted = probabilities.argmax(axis=1)
    counts = confusion(labels, predicted, probabilities.shape[1])
    return {
        **accuracy(predicted == labels, confidence),
        "log_loss": log_loss(labels, probabilities),
        "macro_f1": float(by_class(counts)["f1"].mean()),
    }
