"""Metrics of a classifier, from labels (N) and probabilities (N x K)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from darkroom.core.arrays import Labels, Probabilities


def log_loss(labels: Labels, probabilities: Probabilities) -> float:
    """Mean of -log(probability of the true class), in nats.

    scikit-learn's clips float32 probabilities at 1.2e-7, the resolution of the type, so that an error costs at most 16 nats,
    however confident the model. This one does not.
    """
    true = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(true, np.finfo(np.float64).tiny)).mean())


def selective(labels: Labels, probabilities: Probabilities, unsure_below: float) -> dict[str, float]:
    """The share of predictions that are not `unsure`, that is, at least as probable as `unsure_below`, and their error rate."""
    answered = probabilities.max(axis=1) >= unsure_below
    wrong = (probabilities.argmax(axis=1) != labels) & answered
    return {"answered": float(answered.mean()), "answered_error_rate": float(wrong.sum() / max(answered.sum(), 1))}


def accuracy(right: NDArray[np.bool_], confidence: float) -> dict[str, Any]:
    """Accuracy with its interval, and the counts; accuracy and interval are None if there are no images.

    `right` (bool N) marks correct answers; `confidence` is the level of the interval, 0..1. The interval is Wilson's (1927,
    JASA 22), which stays within 0..1 and is accurate near both ends.
    """
    hits, images = int(right.sum()), len(right)
    if images == 0:
        return {"accuracy": None, "accuracy_low": None, "accuracy_high": None, "errors": 0, "images": 0}
    low, high = map(float, binomtest(hits, images).proportion_ci(confidence, method="wilson"))
    return {"accuracy": hits / images, "accuracy_low": low, "accuracy_high": high, "errors": images - hits, "images": images}


def summary(labels: Labels, probabilities: Probabilities, confidence: float) -> dict[str, Any]:
    """Accuracy with its interval at the level `confidence`, log loss and macro F1.

    The F1 of a class without images or predictions is 0.
    """
    predicted = probabilities.argmax(axis=1)
    classes = range(probabilities.shape[1])
    return {
        **accuracy(predicted == labels, confidence),
        "log_loss": log_loss(labels, probabilities),
        "macro_f1": float(f1_score(labels, predicted, labels=classes, average="macro", zero_division=0)),
    }
