"""Keras behind params.yaml: networks, optimizers, the canonical archive, export. Imports TensorFlow."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from darkroom import config
from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.evaluation import calibration, metrics
from darkroom.export import convert, operators
from darkroom.inference.classifier import Classifier
from darkroom.launch import backend
from darkroom.training import input_pipeline, keras_file, network
from pipeline import export, train
from tests.conftest import PLACE, ROOT, Run, model_of

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
    backend.start(0)


def test_the_network_of_the_lesson_to_the_letter() -> None:
    chosen = config.load().models["classical"]
    model = network.build(chosen, ImagePolicy(28, 28, 1, "stretch", "area", (0, 0, 0), 10**8), 10, PLACE)
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
            r"models.m.layers: the last one gives a shape of \(6, 6, 4\): add Flatten",
        ),
    ],
)
def test_what_keras_does_not_take_is_one_line(layers, line: str) -> None:
    with pytest.raises(DarkroomError, match=line):
        network.build(model_of(layers=layers), POLICY, 10, PLACE)


def test_an_archive_holds_no_clock_and_loads_as_before(tmp_path: Path) -> None:
    import keras

    model = network.build(SMALL, POLICY, 3, PLACE)
    for name in ("a", "b"):
        keras_file.save(model, tmp_path / f"{name}.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.keras") as content:
        assert json.loads(content.read("metadata.json"))["date_saved"] == ""
        assert {entry.date_time for entry in content.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)
    assert np.array_equal(keras.saving.load_model(tmp_path / "a.keras")(images), model(images))


def trained() -> Any:
    """A network that has seen four images once: its BatchNormalization and its logits are not as they began."""
    model = network.build(SMALL, POLICY, 3, PLACE)
    model.compile("adam", loss="sparse_categorical_crossentropy", jit_compile=False)
    model.fit(IMAGES, np.arange(4) % 3, verbose=0)
    return model


def logits(model: Any, images: np.ndarray) -> np.ndarray:
    """Known up to a constant an image, which is taken out."""
    values = np.log(np.asarray(model(images)))
    return values - values.mean(axis=1, keepdims=True)


def test_flip_averaging_is_the_mean_over_an_image_and_its_mirror_image(tmp_path: Path) -> None:
    model = trained()
    keras_file.save(network.flip_averaged(model), tmp_path / "m.keras")
    loaded = keras_file.load(tmp_path / "m.keras")
    mirrored = np.array([[row[::-1] for row in image] for image in IMAGES])
    mean = (logits(model, IMAGES) + logits(model, mirrored)) / 2
    assert not np.allclose(mean, logits(model, IMAGES), atol=1e-4)
    assert np.allclose(logits(loaded, IMAGES), mean, atol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
def test_a_temperature_is_folded_into_the_logits(flip: bool) -> None:
    model = network.flip_averaged(trained()) if flip else trained()
    before = logits(model, IMAGES)
    network.divide_logits(model, 2.0)
    assert np.allclose(logits(model, IMAGES), before / 2, atol=1e-5)


def test_what_makes_training_slow_is_switched_off() -> None:
    images, targets, weights = np.zeros((4, 8, 8, 1), np.uint8), np.zeros((4, 3), np.float32), np.ones(4, np.float32)
    shapes = ((8, 8, 1), "uint8"), ((3,), "float32"), ((), "float32")
    batches = input_pipeline.dataset(lambda: iter([(images, targets, weights)]), shapes)
    assert batches.options().autotune.enabled is False
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"


def prepare() -> None:
    """What train and export read, in the working folder: a model that flips, and noise to train it on."""
    text = (ROOT / "tests" / "smoke.yaml").read_text().replace("error_rate: 0.05", "error_rate: null")
    Path("params.yaml").write_text(text.replace("flip_averaging: false", "flip_averaging: true"))
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), np.uint8)
    for split in ("train", "validation"):
        shards.write(paths.prepared(split), iter(images), np.arange(20) % 10)
    classes = [str(digit) for digit in range(10)]
    artifacts.write_json(paths.CLASSES, {"classes": classes})
    artifacts.write_json(paths.DATA_SUMMARY, {"classes": classes, "title": "Test", "licence": "MIT"})


def test_three_processes_and_two_exports_in_one_give_the_same_bytes(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare()
    assert run("pipeline.train", "tiny").returncode == 0
    exported = []
    for seed in ("0", "1", "random"):
        assert run("pipeline.export", "tiny", PYTHONHASHSEED=seed).returncode == 0
        exported.append(paths.onnx("tiny").read_bytes())
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["export", "tiny"])
        export.main()
        exported.append(paths.onnx("tiny").read_bytes())
    assert len(set(exported)) == 1
    one_pass = 6 * 6 * 8 * 3 * 3 + 6 * 6 * 8 * 10
    assert json.loads(paths.exported("tiny").read_text())["multiply_adds"] == 2 * one_pass


def test_an_export_is_calibrated_and_says_so(project: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare()
    assert run("pipeline.train", "tiny").returncode == 0
    monkeypatch.setattr(sys, "argv", ["export", "tiny"])
    export.main()
    stamp, answers = Classifier(paths.onnx("tiny")).passport, np.load(paths.reference("tiny"))
    assert stamp.temperature != 1
    assert (stamp.unsure_below, stamp.error_rate) == (None, None)
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("calibrate: true", "calibrate: false"))
    export.main()
    assert Classifier(paths.onnx("tiny")).passport.temperature == 1
    untouched = np.load(paths.reference("tiny"))
    assert np.allclose(calibration.tempered(untouched, stamp.temperature), answers, atol=1e-5)
    labels = Shards(paths.prepared("validation")).labels
    assert metrics.log_loss(labels, answers) < metrics.log_loss(labels, untouched)


def test_an_error_rate_out_of_reach_withholds_everything_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shards.write(tmp_path, iter(IMAGES), np.array([1, 0, 0, 0]))
    answers = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]], np.float32)  # the surest is wrong
    assert export._threshold("tiny", answers, Shards(tmp_path), 0.0001) > 1
    assert "export.error_rate: 0.0001 is out of reach on validation" in capsys.readouterr().out


def test_an_operator_that_onnx_does_not_know_stops_the_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "HANDLERS", {})
    model = network.build(model_of(layers=[{"Dense": {"units": 4, "activation": "celu"}}, "Flatten"]), POLICY, 3, PLACE)
    with pytest.raises(DarkroomError, match=r"the converted model is not valid ONNX: .* \(not ONNX operators: Expm1\)"):
        convert.to_onnx(model, 18)


@pytest.mark.parametrize("deterministic", [True, False])
def test_the_libraries_are_asked_for_the_same_bytes_or_not(deterministic: bool) -> None:
    code = f"""
import os
from pipeline.training import runtime
runtime.start(0, "tensorflow", "float32", {deterministic})
from tensorflow.python.framework import config
print(config.is_op_determinism_enabled(), runtime.DETERMINISTIC_XLA in os.environ["XLA_FLAGS"])
"""
    environment = {**os.environ, "XLA_FLAGS": backend.DETERMINISTIC_XLA}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert done.stdout == f"{deterministic} {deterministic}\n"


def test_a_training_that_is_not_deterministic_says_so() -> None:
    given = SimpleNamespace(model=None)
    (line,) = train.warnings(given, None, deterministic=False)
    assert line.startswith("training.deterministic: false: another run may give other bytes")
