"""Layers that are not deterministic, or that are refused, are named; the network is left unchanged."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from darkroom.training import backend, determinism_check, runtime

pytestmark = pytest.mark.tensorflow
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> None:
    runtime.start(0)


def network(*middle: Any) -> Any:
    image = keras.Input((8, 8, 1), dtype="uint8", name="image")
    x = layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(image))
    for layer in (layers.BatchNormalization(), layers.Dropout(0.5), *middle, layers.GlobalMaxPooling2D()):
        x = layer(x)
    return keras.Model(image, layers.Softmax()(layers.Dense(3, name="logits")(x)))


def changing(same_forward: bool) -> Any:
    class Changing(keras.layers.Layer):
        calls = 0

        def call(self, x: Any) -> Any:
            type(self).calls += 1
            change = x * (1e-7 * self.calls)
            return x + (change - keras.ops.stop_gradient(change) if same_forward else change)

    return Changing(name="odd")


def lines(model: Any) -> list[str]:
    return list(determinism_check.examine(model, IMAGES))


def test_a_deterministic_network_passes_and_stays_unchanged() -> None:
    model = network()
    before = [np.array(variable) for variable in model.variables]
    assert lines(model) == []
    for variable, value in zip(model.variables, before, strict=True):
        assert np.array_equal(np.array(variable), value)


@pytest.mark.parametrize("same_forward", [False, True])
def test_a_layer_that_changes_is_named(same_forward: bool) -> None:
    (line,) = lines(network(changing(same_forward)))
    assert line.startswith("odd (Changing): not bit-identical from call to call on this device; training.backend: jax may")


def test_a_refused_layer_is_named_with_an_alternative(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = backend.gradients

    def refuse(inputs: Any) -> Any:
        raise NotImplementedError("A deterministic GPU implementation of ResizeNearestNeighborGrad is not available.")

    def refusing(layer: Any, weights_of: Any) -> Any:
        return refuse if isinstance(layer, layers.UpSampling2D) else usual(layer, weights_of)

    monkeypatch.setattr(backend, "gradients", refusing)
    assert lines(network(layers.UpSampling2D(name="up"))) == [
        "up (UpSampling2D): A deterministic GPU implementation of ResizeNearestNeighborGrad is not available.; "
        "interpolation: bilinear has one"
    ]
