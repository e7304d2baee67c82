"""Temperature, calibration error and the threshold of "unsure", on cases that can be worked out by hand."""

import numpy as np
import pytest

from darkroom.evaluation import calibration

CONFIDENCE = np.array([0.99, 0.9, 0.8, 0.8, 0.7], np.float32)
PROBABILITIES = np.stack([CONFIDENCE, 1 - CONFIDENCE], axis=1)


def test_the_temperature_of_an_overconfident_network_is_recovered() -> None:
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 2, (20_000, 3))
    calibrated = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (calibrated.cumsum(axis=1) < draw.random((20_000, 1))).sum(axis=1)
    overconfident = calibration.temperature_scaled(calibrated.astype(np.float32), 0.5)  # its logits are doubled
    temperature = calibration.temperature(overconfident, labels)
    assert temperature == pytest.approx(2, abs=0.06)
    scaled = calibration.temperature_scaled(overconfident, temperature)
    assert np.array_equal(scaled.argmax(axis=1), overconfident.argmax(axis=1))
    assert calibration.expected_calibration_error(overconfident, labels) > 0.05
    assert calibration.expected_calibration_error(scaled, labels) < 0.02


def test_temperature_scaled_is_softmax_of_divided_logits() -> None:
    halves = calibration.temperature_scaled(np.array([[0.9, 0.1]], np.float32), 2.0)
    assert halves == pytest.approx(np.array([[0.75, 0.25]]), abs=1e-6)  # odds of 9 become 3
    assert np.isfinite(calibration.temperature_scaled(np.array([[1.0, 0.0]], np.float32), 2.0)).all()


def test_calibration_error_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]], np.float32)
    labels = np.array([0, 1, 0, 0])
    assert calibration.expected_calibration_error(probabilities, labels) == pytest.approx((2 * 0.4 + 2 * 0.4) / 4, abs=1e-6)


@pytest.mark.parametrize(
    ("labels", "rate", "expected"),
    [
        ([0, 0, 0, 0, 0], 0.1, 0.0),  # all are right: every answer is given, however improbable
        ([0, 0, 0, 1, 0], 0.1, 0.9),  # two of equal probability, one of them wrong: neither is answered
        ([0, 0, 0, 1, 0], 0.2, 0.0),
        ([0, 0, 0, 0, 1], 0.1, 0.8),
        ([1, 0, 0, 0, 0], 0.1, calibration.ABOVE_ALL),  # the answer of the highest probability is wrong
    ],
)
def test_the_threshold_by_hand(labels: list[int], rate: float, expected: float) -> None:
    assert calibration.threshold(PROBABILITIES, np.array(labels), rate) == pytest.approx(expected, abs=1e-6)


def test_without_errors_there_is_no_best_temperature() -> None:
    assert calibration.temperature(PROBABILITIES, np.zeros(5, np.int64)) == 1.0
