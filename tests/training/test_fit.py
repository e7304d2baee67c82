"""A training from its task to its end, and what is left of one that breaks off."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.launch import backend
from darkroom.launch.distributed import watchdog
from darkroom.launch.distributed.shard import Share
from darkroom.training import fit, keras_file, network, setup
from darkroom.training.setup import Task
from pipeline import train
from tests.conftest import PLACE, ROOT, Run, model_of

pytestmark = pytest.mark.tensorflow
POLICY = ImagePolicy(8, 8, 1, "stretch", "area", (0, 0, 0), 10**8)
LAYERS = [{"Conv2D": {"filters": 4, "kernel_size": 3}}, "BatchNormalization", "GlobalMaxPool2D"]


@pytest.fixture(autouse=True)
def prepared(project: Path) -> None:
    """Forty images of ten classes, the brighter the later the class, in the working folder."""
    backend.start(0)
    labels = np.arange(40) % 10
    noise = np.random.default_rng(0).integers(0, 25, (40, 8, 8, 1))
    images = (noise + 20 * labels[:, None, None, None]).astype(np.uint8)
    for split in ("train", "validation"):
        shards.write(paths.prepared(split), iter(images), labels)
    artifacts.write_json(paths.CLASSES, {"classes": [str(digit) for digit in range(10)]})


def given(augment: list[Any] | None = None, **fit: Any) -> setup.Task:
    chosen = model_of(fit, augment or [], layers=LAYERS)
    return setup.prepare(chosen, POLICY, 0, Shards(paths.prepared("train")), PLACE)


def fitted(made: setup.Task) -> pd.DataFrame:
    seen = fit.watch()
    fit.fit(made, Shards(paths.prepared("validation")), 1, seen)
    return seen.curves.table()


def answers(model: Any) -> np.ndarray:
    return np.asarray(model(Shards(paths.prepared("validation")).images(np.arange(40)), training=False))


def test_the_curves_have_a_row_an_epoch_and_the_loss_falls() -> None:
    curves = fitted(given(epochs=5, optimizer={"Adam": {"learning_rate": 0.05}}))
    assert list(curves.columns) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert curves["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert curves["loss"].iloc[-1] < curves["loss"].iloc[0]


def test_averaged_weights_are_the_mean_by_hand_and_are_what_is_validated() -> None:
    import keras

    made = given(batch_size=20, optimizer={"SGD": {"learning_rate": 0.5, "use_ema": True, "ema_momentum": 0.75}})
    steps: list[list[np.ndarray]] = []

    class Note(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps.append([np.array(it) for it in self.model.trainable_variables])

    usual = fit.callbacks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "callbacks", lambda *given: [*usual(*given), Note()])
        curves = fitted(made)
    assert len(steps) == 2
    for variable, first, second in zip(made.model.trainable_variables, *steps, strict=True):
        assert np.allclose(np.array(variable), 0.75 * first + 0.25 * second, atol=1e-6)
    labels = Shards(paths.prepared("validation")).labels
    assert curves["val_accuracy"].iloc[-1] == pytest.approx(np.mean(answers(made.model).argmax(axis=1) == labels))


def test_an_early_stop_ends_with_the_averaged_weights_that_were_validated() -> None:
    stop = {"EarlyStopping": {"monitor": "val_loss", "patience": 0, "min_delta": 100.0}}
    optimizer = {"SGD": {"learning_rate": 0.5, "use_ema": True, "ema_momentum": 0.9}}
    made = given(epochs=5, optimizer=optimizer, callbacks=[stop])
    curves = fitted(made)
    assert len(curves) == 2
    labels = Shards(paths.prepared("validation")).labels
    loss = -np.log(answers(made.model)[np.arange(40), labels]).mean()
    assert curves["val_loss"].iloc[-1] == pytest.approx(loss, rel=1e-4)


def test_early_stopping_brings_the_best_epoch_back() -> None:
    stop = {"EarlyStopping": {"monitor": "val_loss", "patience": 3, "restore_best_weights": True}}
    made = given(epochs=8, optimizer={"SGD": {"learning_rate": 3.0}}, callbacks=[stop])
    curves = fitted(made)
    labels = Shards(paths.prepared("validation")).labels
    loss = -np.log(answers(made.model)[np.arange(40), labels]).mean()
    assert loss == pytest.approx(curves["val_loss"].min(), rel=1e-3)
    assert curves["val_loss"].min() < curves["val_loss"].iloc[-1]


def test_a_plateau_lowers_the_rate() -> None:
    plateau = {"ReduceLROnPlateau": {"monitor": "val_loss", "factor": 0.1, "patience": 1, "min_delta": 100.0}}
    made = given(epochs=3, callbacks=[plateau])
    fitted(made)  # nothing is better by a hundred: lowered behind the second and the third epoch
    assert float(made.model.optimizer.learning_rate) == pytest.approx(0.001)


def test_a_loss_that_is_no_number_is_one_line_and_the_best_state_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "tests" / "smoke.yaml").read_text().replace("callbacks: [E", "callbacks: [] # [E")
    rate = "{PiecewiseConstantDecay: {boundaries: [2 epochs], values: [0.01, 3.0e+38]}}"
    Path("params.yaml").write_text(text.replace("{CosineDecay: {initial_learning_rate: 0.01, decay_steps: 3 epochs}}", rate))
    monkeypatch.setattr(sys, "argv", ["train", "tiny"])
    with pytest.raises(DarkroomError) as refused:
        train.main()
    line = str(refused.value)
    assert line.startswith("params.yaml:") and "models.tiny.fit: the loss is no longer a number in epoch 3; lower the" in line
    assert "the best state so far (epoch " in line and line.endswith(f"is in {paths.best('tiny')}")
    assert "\n" not in line
    assert np.isfinite(answers(keras_file.load(paths.best("tiny")))).all()
    assert not paths.keras("tiny").exists()


def test_ctrl_c_keeps_the_best_state_and_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    Path("params.yaml").write_text((ROOT / "tests" / "smoke.yaml").read_text())

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if self.epoch == 1:
                raise KeyboardInterrupt

    usual = fit.callbacks
    monkeypatch.setattr(fit, "callbacks", lambda *given: [*usual(*given), Stop()])
    monkeypatch.setattr(sys, "argv", ["train", "tiny"])
    best = r"the best state so far \(epoch 1, val_accuracy 0\.\d+\) is in models/tiny/best\.keras"
    with pytest.raises(KeyboardInterrupt, match=f"^{best}; `dvc repro` goes on in epoch 2$"):
        train.main()
    assert paths.best("tiny").exists()


def test_too_little_memory_names_the_batch_size() -> None:
    import tensorflow as tf

    cleared = TypeError("'NoneType' object is not callable")
    cleared.__context__ = RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.")
    for error in (
        cleared,
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[4096,64,224,224]"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes."),
    ):
        assert str(fit.told(error, task_of(Share()))) == (
            "params.yaml:7: models.m.fit.batch_size: 512: the device has too little memory for such a batch; try 256"
        )


def task_of(share: Share) -> Task:
    fit = model_of({"batch_size": 512}, layers=LAYERS).fit
    return Task(None, SimpleNamespace(share=share), fit, PLACE.at("fit"))


def test_a_lost_process_is_told_where_there_are_several() -> None:
    error = ValueError("UNKNOWN: Gloo AllGather failed: Connection reset by peer")
    assert str(fit.told(error, task_of(Share(0, 2, 2)))) == watchdog.LINE
    assert str(fit.told(error, task_of(Share()))).startswith("params.yaml:7: models.m.fit: UNKNOWN: Gloo")


def test_an_error_of_ours_is_not_called_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    made = given()

    def fail(*_: Any) -> None:
        raise IndexError("ours")

    monkeypatch.setattr(made.batches, "augmentation", fail)
    with pytest.raises(IndexError, match="^ours$"):
        fitted(made)


def test_a_refusal_while_a_batch_is_made_arrives_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    made = given()

    def refuse(*_: Any) -> None:
        raise DarkroomError("params.yaml:7: models.m.augment[0]: Resize gives uint8 (4, 4, 1)")

    monkeypatch.setattr(made.batches, "augmentation", refuse)
    with pytest.raises(DarkroomError, match=r"^params.yaml:7: models.m.augment\[0\]: Resize gives uint8 \(4, 4, 1\)$"):
        fitted(made)


def test_a_class_without_images_is_named() -> None:
    artifacts.write_json(paths.CLASSES, {"classes": [*"0123456789", "unicorn", "griffin"]})
    with pytest.raises(
        DarkroomError, match=r"^data/prepared/train: no image of the class unicorn, griffin: it cannot be learnt"
    ):
        given()


def test_balanced_classes_reach_the_batches() -> None:
    labels = np.repeat(np.arange(10), [13, *[3] * 9])
    shards.write(paths.prepared("train"), iter(np.zeros((40, 8, 8, 1), np.uint8)), labels)
    weights = given(class_weight="balanced").batches.class_weights
    assert np.allclose(weights, [40 / 130, *[40 / 30] * 9])
    assert np.array_equal(given().batches.class_weights, np.ones(10, np.float32))


def test_more_classes_than_images_are_refused() -> None:
    artifacts.write_json(paths.CLASSES, {"classes": [str(number) for number in range(41)]})
    with pytest.raises(DarkroomError, match=r"^data/prepared/train: 41 classes, but 40 images"):
        given()


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_weights_and_answers_in_float32(precision: str) -> None:
    import keras

    backend.start(0, precision=precision)
    try:
        made = given(epochs=2)
        fitted(made)
        assert {str(it.dtype) for it in made.model.weights} <= {"float32", "uint32", "int64"}
        images = np.zeros((1, 8, 8, 1), np.uint8)
        for model in (made.model, network.flip_averaged(made.model)):
            assert np.asarray(model(images)).dtype == np.float32
        assert {layer.compute_dtype for layer in made.model.layers if "conv2d" in layer.name} == {
            precision.removeprefix("mixed_")
        }
        assert (type(made.model.optimizer).__name__ == "LossScaleOptimizer") == (precision == "mixed_float16")
    finally:
        keras.config.set_dtype_policy("float32")


def test_the_range_test_finds_where_the_loss_falls_fastest(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from darkroom.training import lr_finder

    rates = np.geomspace(1e-4, 1, 9)
    table = pd.DataFrame({"learning_rate": rates, "loss": [2.3, 2.3, 2.2, 1.6, 1.0, 0.9, 0.88, 2.0, 9.0]})
    assert lr_finder.steepest(table) == pytest.approx(rates[3])
    Path("params.yaml").write_text((ROOT / "tests" / "smoke.yaml").read_text())
    monkeypatch.setattr(sys, "argv", ["lr_range", "tiny", "--lowest", "1e-5", "--highest", "1e9", "--steps", "60"])
    lr_finder.main()
    found = pd.read_csv(paths.lr_range("tiny", "csv"))
    assert found["learning_rate"].is_monotonic_increasing and found["learning_rate"].iloc[0] == pytest.approx(1e-5)
    assert 10 < len(found) < 60  # it ended where the loss diverged
    assert paths.lr_range("tiny", "svg").read_text().startswith("<svg")
    assert "the loss falls fastest at" in capsys.readouterr().out


def test_the_same_code_trains_on_jax_and_its_model_exports(run: Run) -> None:
    text = (ROOT / "tests" / "smoke.yaml").read_text().replace("backend: tensorflow", "backend: jax")
    text = text.replace("error_rate: 0.05", "error_rate: null").replace("warmup: null", "warmup: 20 %")
    optimizer = "optimizer: {Muon: {learning_rate: 0.01, use_ema: true, ema_momentum: 0.9}}"
    text = re.sub(r"optimizer: .*", optimizer, text).replace("p: 0.5}]", "p: 0.5}, MixUp: {alpha: 0.4}, CutMix]")
    classes = [str(digit) for digit in range(10)]
    artifacts.write_json(paths.DATA_SUMMARY, {"classes": classes, "title": "Test", "licence": "MIT"})
    files = []
    for workers in (0, 2):
        Path("params.yaml").write_text(text.replace("workers: 1", f"workers: {workers}"))
        ended = run("pipeline.train", "tiny")
        assert ended.returncode == 0, ended.stderr
        assert "JAX" in ended.stdout and ended.stderr == ""
        files.append(paths.keras("tiny").read_bytes())
    assert files[0] == files[1]
    labels = Shards(paths.prepared("validation")).labels
    loss = -np.log(answers(keras_file.load(paths.keras("tiny")))[np.arange(40), labels]).mean()  # on TensorFlow
    losses = pd.read_csv(paths.history("tiny"))["val_loss"]
    assert losses.min() == pytest.approx(loss, rel=1e-4)  # of the averaged weights, and the best of them
    assert run("darkroom.commands.lr_finder", "tiny", "--steps", "5").returncode == 0
    assert run("pipeline.export", "tiny").returncode == 0
    assert paths.onnx("tiny").exists()


def test_a_backend_that_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    with pytest.raises(DarkroomError, match=r"^params.yaml: training.backend: jax is not installed: `uv pip install jax`$"):
        backend.start(0, "jax")
