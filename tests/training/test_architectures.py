"""The families of networks."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.applications import mobilenet_v2
from keras.src.utils import file_utils

from darkroom.core import digests
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.training import model_summary, network, runtime
from tests.conftest import model_of

pytestmark = pytest.mark.tensorflow
COMPACT = {
    "convolution": "plain",
    "stem_filters": 8,
    "stem_kernel": 5,
    "stages": [{"filters": 16, "convolutions": 2, "halve": True}, {"filters": 24, "convolutions": 3, "halve": False}],
    "shortcuts": True,
    "squeeze_excitation": 0,
    "activation": "relu",
    "pooling": "max",
    "dropout": 0.0,
}
RESIDUAL = {"depth": 16, "width": 4, "squeeze_excitation": 0, "dropout": 0.0}
APPLICATION = {"name": "MobileNetV2", "weights": None, "size": 32, "trainable": True, "dropout": 0.0}


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> None:
    runtime.start(0)


def built(side: int = 28, channels: int = 1, **architecture: Any) -> Any:
    policy = ImagePolicy(side, side, channels, "stretch", "area", (0, 0, 0), 10**8)
    return network.build(model_of(**architecture), policy, 10)


def test_a_wide_residual_network_has_the_parameters_of_its_paper() -> None:
    """2.7 million for WRN-16-4 and 0.6 for WRN-40-1, tables 4 and 6; counted exactly by hand."""
    model = built(32, 3, residual=RESIDUAL)
    assert sum(int(np.prod(variable.shape)) for variable in model.trainable_variables) == 2_748_890
    deep = built(32, 3, residual={**RESIDUAL, "depth": 40, "width": 1})
    assert round(deep.count_params() / 1e6, 1) == 0.6


def test_a_compact_network_is_its_stem_and_its_stages() -> None:
    model = built(compact=COMPACT)
    convolutions = [layer for layer in model.layers if "conv2d" in layer.name]
    assert [(*layer.output.shape[1:], layer.kernel_size[0]) for layer in convolutions] == [
        (28, 28, 8, 5),
        (14, 14, 16, 3),
        (7, 7, 16, 3),
        (7, 7, 24, 3),
        (7, 7, 24, 3),
        (7, 7, 24, 3),
    ]
    assert sum("add" in layer.name for layer in model.layers) == 3
    plain = built(compact={**COMPACT, "shortcuts": False})
    assert sum("add" in layer.name for layer in plain.layers) == 0
    assert plain.count_params() == model.count_params()


def test_separable_convolutions_cost_a_fraction() -> None:
    plain, separable = (
        model_summary.table(built(compact={**COMPACT, "convolution": kind})).iloc[-1] for kind in ("plain", "separable")
    )
    assert separable["multiply_adds"] < plain["multiply_adds"] / 2
    assert separable["parameters"] < plain["parameters"] / 3


def test_squeeze_and_excitation_scales_channels() -> None:
    model = built(compact={**COMPACT, "squeeze_excitation": 4})
    gates = [layer for layer in model.layers if type(layer).__name__ == "Multiply"]
    assert [layer.output.shape[1:] for layer in gates] == [(7, 7, 16), (7, 7, 24), (7, 7, 24)]
    gate = gates[0].input[1]
    assert gate.shape == (None, 1, 1, 16)


@pytest.mark.parametrize(("side", "channels"), [(28, 1), (32, 3)])
def test_an_application_takes_small_grey_images(side: int, channels: int) -> None:
    model = built(side, channels, application=APPLICATION)
    assert model.input_shape == (None, side, side, channels)
    images = np.random.default_rng(0).integers(0, 256, (2, side, side, channels), np.uint8)
    assert np.allclose(np.asarray(model(images)).sum(axis=1), 1, atol=1e-5)
    rows = model_summary.table(model)
    assert rows["parameters"].iloc[-1] == model.count_params()
    assert rows.set_index("layer").loc["bn_Conv1", "receptive_field"] == 3  # three pixels of 32, of 28 even less


def test_too_many_halvings_are_one_line() -> None:
    stages = [{"filters": 4, "convolutions": 1, "halve": True}] * 3
    with pytest.raises(
        DarkroomError, match=r"^params.yaml:7: models.m.compact.stages\[2\]: [^\n\x1b]*zero or negative[^\n\x1b]*$"
    ):
        built(8, compact={**COMPACT, "stages": stages})


def test_the_weights_of_an_application_come_from_a_verified_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg")
    source.save_weights("body.weights.h5")
    digest = digests.of_file(Path("body.weights.h5"))
    weights = {"file": "body.weights.h5", "sha256": digest}
    model = built(application={**APPLICATION, "weights": weights, "trainable": False})
    assert np.array_equal(model.get_layer("Conv1").get_weights()[0], source.get_layer("Conv1").get_weights()[0])
    assert [variable.path.split("/")[0] for variable in model.trainable_variables] == ["logits", "logits"]
    with pytest.raises(DarkroomError, match=r"weights.sha256: body.weights.h5 is another file: its SHA-256 differs$"):
        built(application={**APPLICATION, "weights": {**weights, "sha256": 64 * "0"}})
    with pytest.raises(DarkroomError, match=r"weights.file: none.weights.h5: no such file$"):
        built(application={**APPLICATION, "weights": {**weights, "file": "none.weights.h5"}})


def test_imagenet_without_a_network_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mobilenet_v2, "BASE_WEIGHT_PATH", "http://127.0.0.1:9/")
    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    with pytest.raises(DarkroomError, match=r"^params.yaml:7: models.m.application: MobileNetV2: [^\n]*127.0.0.1[^\n]*$"):
        built(application={**APPLICATION, "weights": "imagenet"})


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5", ".keras"])
def test_weights_that_keras_cannot_load_are_one_line(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(f"body{suffix}")
    path.write_bytes(b"no weights")
    weights = {"file": str(path), "sha256": digests.of_file(path)}
    with pytest.raises(DarkroomError, match=r"^params.yaml:7: models.m.application: MobileNetV2: [^\n]+$"):
        built(application={**APPLICATION, "weights": weights})
