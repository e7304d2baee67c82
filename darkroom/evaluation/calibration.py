"""Temperature scaling, calibration error and the threshold of "unsure", in NumPy and SciPy.

A temperature divides all logits, so it changes the probability of an answer and never the answer itself. Probabilities are
enough to apply it: softmax(log(p) / T) equals softmax(logits / T).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from darkroom.core.arrays import Labels, Probabilities

BINS = 15
RANGE = (0.05, 20.0)
ABOVE_ALL = 1.001  # above every probability


def temperature(probabilities: Probabilities, labels: Labels) -> float:
    """The temperature with the least log loss (Guo et al., "On calibration of modern neural networks", ICML 2017).

    1 if there is no minimum, for example if every answer is right: the loss then keeps falling as the temperature approaches 0.
    """
    logs = _logs(probabilities)

    def loss(log_temperature: float) -> float:
        scaled = logs / np.exp(log_temperature)
        return float((logsumexp(scaled, axis=1) - scaled[np.arange(len(labels)), labels]).mean())

    best = float(np.exp(minimize_scalar(loss, bounds=tuple(np.log(RANGE)), method="bounded").x))
    return best if 1.05 * RANGE[0] < best < RANGE[1] / 1.05 else 1.0


def temperature_scaled(probabilities: Probabilities, divisor: float) -> Probabilities:
    """The probabilities of the same network with its logits divided by `divisor`."""
    scaled = _logs(probabilities) / divisor
    return np.asarray(np.exp(scaled - logsumexp(scaled, axis=1, keepdims=True)), np.float32)


def expected_calibration_error(probabilities: Probabilities, labels: Labels) -> float:
    """Expected calibration error (Naeini et al., AAAI 2015): the mean gap between confidence and accuracy over 15 bins."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    hits = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(bins, confidence, BINS) - np.bincount(bins, hits, BINS)
    return float(np.abs(gaps).sum() / len(labels))


def threshold(probabilities: Probabilities, labels: Labels, error_rate: float) -> float:
    """The lowest threshold at which at most `error_rate` of the predictions that are not `unsure` are wrong.

    A prediction less probable than the threshold is `unsure`: none at 0, all at `ABOVE_ALL` (Chow, "On optimum recognition
    error and reject tradeoff", IEEE Transactions on Information Theory, 1970).
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(probabilities.argmax(axis=1)[order] != labels[order])
    confidence = confidence[order]
    last_of_equals = np.append(confidence[1:] < confidence[:-1], True)  # equal values are on the same side of the threshold
    allowed = np.flatnonzero((wrong <= error_rate * np.arange(1, len(labels) + 1)) & last_of_equals)
    if len(allowed) == 0:
        return ABOVE_ALL
    return float(confidence[allowed[-1]]) if allowed[-1] < len(labels) - 1 else 0.0


def _logs(probabilities: Probabilities) -> NDArray[np.float64]:
    return np.log(np.maximum(probabilities.astype(np.float64), np.finfo(np.float32).tiny))
