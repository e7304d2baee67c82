"""From params.yaml to a network: named layers, what Keras rejects, flip averaging, the temperature."""

from typing import Any

import numpy as np
import pytest

from darkroom import config
from darkroom.config.model import NETWORKS
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.training import network, runtime
from tests.conftest import ROOT, model_of

pytestmark = pytest.mark.tensorflow
POLICY = ImagePolicy(8, 8, 1, "stretch", "area", (0, 0, 0), 10**8)
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)
LAYERS = [
    {"Conv2D": {"filters": 4, "kernel_size": 3, "use_bias": False}},
    *("BatchNormalization", "ReLU", "GlobalMaxPool2D"),
    {"Dropout": {"rate": 0.2}},
]
SMALL = model_of(layers=LAYERS)


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> None:
    runtime.start(0)


def test_every_network_that_params_may_describe_is_built() -> None:
    assert tuple(network.BODIES) == NETWORKS


def test_the_network_of_the_lesson_to_the_letter() -> None:
    chosen = config.load(Workspace(ROOT, ROOT, ROOT / "params.yaml")).models["classical"]
    model = network.build(chosen, ImagePolicy(28, 28, 1, "stretch", "area", (0, 0, 0), 10**8), 10)
    shapes = [(type(layer).__name__, tuple(layer.output.shape[1:])) for layer in model.layers[1:]]
    assert shapes == [
        ("Rescaling", (28, 28, 1)),
        ("Conv2D", (25, 25, 32)),
        ("MaxPooling2D", (12, 12, 32)),
        ("Flatten", (4608,)),
        ("Dense", (16,)),
        ("Dense", (8,)),
        ("Dense", (10,)),
        ("Softmax", (10,)),
    ]
    assert model.count_params() == 74514
    assert [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")] == [
        "relu",
        "relu",
        "relu",
        "linear",
    ]


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        ([{"Conv2D": {"filters": -1, "kernel_size": 3}}], r"params.yaml:7: models.m.layers\[0\].Conv2D: [^\n]*-1"),
        (["Flatten", {"MaxPool2D": {"pool_size": 2}}], r"params.yaml:7: models.m.layers\[1\].MaxPool2D: [^\n]+$"),
        (
            [{"Conv2D": {"filters": 4, "kernel_size": 3}}],
            r"models.m.layers: the last output has the shape \(6, 6, 4\): add Flatten",
        ),
    ],
)
def test_what_keras_rejects_is_one_line(layers, line: str) -> None:
    with pytest.raises(DarkroomError, match=line):
        network.build(model_of(layers=layers), POLICY, 10)


def trained() -> Any:
    """A network that has seen four images once: its BatchNormalization and its logits are no longer as initialised."""
    model = network.build(SMALL, POLICY, 3)
    model.compile("adam", loss="sparse_categorical_crossentropy", jit_compile=False)
    model.fit(IMAGES, np.arange(4) % 3, verbose=0)
    return model


def logits(model: Any, images: np.ndarray) -> np.ndarray:
    """The logits without their mean per image, since softmax determines them up to a constant."""
    values = np.log(np.asarray(model(images)))
    return values - values.mean(axis=1, keepdims=True)


def test_flip_averaging_is_the_mean_over_an_image_and_its_mirror_image() -> None:
    model = trained()
    averaged = network.flip_averaged(model)
    mirrored = np.array([[row[::-1] for row in image] for image in IMAGES])
    mean = (logits(model, IMAGES) + logits(model, mirrored)) / 2
    assert not np.allclose(mean, logits(model, IMAGES), atol=1e-4)
    assert np.allclose(logits(averaged, IMAGES), mean, atol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
def test_a_temperature_is_folded_into_the_logits(flip: bool) -> None:
    model = network.flip_averaged(trained()) if flip else trained()
    before = logits(model, IMAGES)
    network.divide_logits(model, 2.0)
    assert np.allclose(logits(model, IMAGES), before / 2, atol=1e-5)
