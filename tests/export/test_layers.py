"""Every layer that params.yaml can name exports and agrees; every other name of keras.layers is refused with a reason."""

import keras
import numpy as np
import onnx
import pytest

from darkroom.config import exportable, vocabulary
from darkroom.core.errors import DarkroomError
from darkroom.export import simplify
from darkroom.training import runtime
from tests.support.layers import measure, samples

pytestmark = pytest.mark.tensorflow

USABLE = [name for name in vocabulary.layers() if not exportable.reason(name)]


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> None:
    runtime.start(0)


@pytest.mark.parametrize("name", USABLE)
def test_a_layer_exports_and_agrees(name: str) -> None:
    for arguments in samples(name):
        comparison = measure(name, arguments)
        assert comparison.agrees, (arguments, comparison)


def test_every_layer_of_keras_is_on_one_of_the_lists() -> None:
    names = {name for name in dir(keras.layers) if name[0].isupper()}
    assert sorted(name for name in names if name not in USABLE and not exportable.reason(name)) == []
    assert sorted(set(USABLE) - names) == []
    assert len(USABLE) == 47


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Resizing", {"height": 7, "width": 9, "interpolation": "area"}),
        ("Resizing", {"height": 7, "width": 9, "interpolation": "lanczos3"}),
        ("Resizing", {"height": 7, "width": 9, "antialias": True}),
        ("UpSampling2D", {"size": 2, "interpolation": "lanczos3"}),
        ("Conv2DTranspose", {"filters": 4, "kernel_size": 2, "strides": 3}),
        ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "output_padding": 1}),
        ("Activation", {"activation": "glu"}),
    ],
)
def test_the_values_that_are_refused_would_go_wrong(name: str, arguments: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    assert exportable.fault(name, arguments)
    monkeypatch.setattr(exportable, "fault", lambda *_: None)
    try:
        comparison = measure(name, arguments)
    except (DarkroomError, ValueError):  # export refuses it, or Keras cannot build it: either way, there is no file
        return
    assert not comparison.agrees


def test_a_comparison_notices_a_wrong_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    right = simplify.simplified

    def damaged(model: onnx.ModelProto) -> onnx.ModelProto:
        simplified = right(model)
        weights = next(tensor for tensor in simplified.graph.initializer if len(tensor.dims) == 4)
        weights.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weights) * np.float32(1.001), weights.name))
        return simplified

    monkeypatch.setattr(simplify, "simplified", damaged)
    assert not measure("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2}).agrees
