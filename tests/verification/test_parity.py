"""Parity on tensors: differences, flips, and the messages of the gate."""

import numpy as np
import pytest

from darkroom.config.schema import Verify
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.verification import parity
from tests.support.networks import linear

KERAS = np.array([[0.7, 0.2, 0.1], [0.40001, 0.4, 0.19999], [0.1, 0.1, 0.8]], np.float32)


def test_equal_answers_have_no_difference() -> None:
    assert parity.compare(KERAS, KERAS, 1e-5) == parity.Parity(3, 0.0, 0, ())


def test_a_flip_counts_only_if_the_margin_of_keras_exceeds_the_tolerance() -> None:
    swapped = KERAS[:, [1, 0, 2]]
    assert parity.compare(swapped, KERAS, 1e-5).flips == (0,)
    assert parity.compare(swapped, KERAS, 1e-6).flips == (0, 1)
    assert parity.compare(swapped, KERAS, 1e-5).largest_difference == pytest.approx(0.5)


@pytest.mark.parametrize("damage", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_an_infinite_difference(damage: float) -> None:
    broken = KERAS.copy()
    broken[2, 0] = damage
    assert parity.compare(broken, KERAS, 1e-5).worst == 2
    assert parity.compare(broken, KERAS, 1e-5).largest_difference == np.inf


def test_the_gate_names_image_and_value() -> None:
    allowed = Verify(largest_difference=1e-5, flips=0, images=1, files=1)
    parity.check(parity.compare(KERAS + np.float32(1e-6), KERAS, 1e-5), allowed, "cnn")
    with pytest.raises(
        DarkroomError, match=r"cnn: onnxruntime and Keras disagree on 1 of 3 images \(verify.flips: 0\): validation/000000"
    ):
        parity.check(parity.compare(KERAS[:, [1, 0, 2]], KERAS, 1e-5), allowed, "cnn")
    with pytest.raises(
        DarkroomError,
        match=r"cnn: validation/000001: onnxruntime and Keras differ by 2\S* \(verify.largest_difference: 1e-05\)",
    ):
        parity.check(parity.compare(KERAS + np.float32([[0], [2e-5], [0]]), KERAS, 1e-5), allowed, "cnn")


def test_every_configuration_of_onnxruntime_is_tried() -> None:
    policy = ImagePolicy(2, 2, 1, "pad", "area", (0, 0, 0), 10**8)
    model = linear(np.eye(4, 3), policy)
    images = np.random.default_rng(0).integers(0, 256, (9, 2, 2, 1), np.uint8)
    results = list(parity.configurations(model.SerializeToString(), images, "m"))
    assert len({configuration for configuration, _ in results}) == 3 * 4 * 2
    assert {answers.shape for _, answers in results} == {(9, 3)}


def test_a_configuration_that_fails_is_named() -> None:
    model = linear(np.eye(4, 3), ImagePolicy(2, 2, 1, "pad", "area", (0, 0, 0), 10**8))
    images = np.random.default_rng(0).integers(0, 256, (2, 2, 2, 1), np.uint8)
    allowed = Verify(largest_difference=1e-5, flips=2, images=1, files=1)
    wrong = np.full((2, 3), 1 / 3, np.float32)
    with pytest.raises(
        DarkroomError, match=r"^cnn: batch size 1, graph optimisation none, threads 1: validation/00000\d: onnxruntime"
    ):
        parity.check_configurations(model.SerializeToString(), images, wrong, allowed, "m.onnx", "cnn")
