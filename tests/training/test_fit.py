"""A training from its setup to its end, and what is said of one that breaks off."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from darkroom.core.errors import DarkroomError
from darkroom.launch.distributed import watchdog
from darkroom.launch.distributed.shard import Shard
from darkroom.training import fit, network, runtime
from darkroom.training.setup import Setup
from tests.conftest import PLACE, model_of
from tests.support.setups import LABELS, LAYERS, answers, fitted, loss, prepared, write_splits

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def splits(project: Path) -> None:
    runtime.start(0)
    write_splits()


def test_the_curves_have_a_row_an_epoch_and_the_loss_falls() -> None:
    curves = fitted(prepared(epochs=5, optimizer={"Adam": {"learning_rate": 0.05}}))
    assert list(curves.columns) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert curves["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert curves["loss"].iloc[-1] < curves["loss"].iloc[0]


def test_averaged_weights_are_the_mean_by_hand_and_are_what_is_validated() -> None:
    ready = prepared(batch_size=20, optimizer={"SGD": {"learning_rate": 0.5, "use_ema": True, "ema_momentum": 0.75}})
    steps: list[list[np.ndarray]] = []

    class Note(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps.append([np.array(it) for it in self.model.trainable_variables])

    usual = fit.callbacks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "callbacks", lambda *arguments: [*usual(*arguments), Note()])
        curves = fitted(ready)
    assert len(steps) == 2
    for variable, first, second in zip(ready.model.trainable_variables, *steps, strict=True):
        assert np.allclose(np.array(variable), 0.75 * first + 0.25 * second, atol=1e-6)
    assert curves["val_accuracy"].iloc[-1] == pytest.approx(np.mean(answers(ready.model).argmax(axis=1) == LABELS))


def test_an_early_stop_ends_with_the_averaged_weights_that_were_validated() -> None:
    stop = {"EarlyStopping": {"monitor": "val_loss", "patience": 0, "min_delta": 100.0}}
    optimizer = {"SGD": {"learning_rate": 0.5, "use_ema": True, "ema_momentum": 0.9}}
    ready = prepared(epochs=5, optimizer=optimizer, callbacks=[stop])
    curves = fitted(ready)
    assert len(curves) == 2
    assert curves["val_loss"].iloc[-1] == pytest.approx(loss(ready.model), rel=1e-4)


def test_early_stopping_brings_the_best_epoch_back() -> None:
    stop = {"EarlyStopping": {"monitor": "val_loss", "patience": 3, "restore_best_weights": True}}
    ready = prepared(epochs=8, optimizer={"SGD": {"learning_rate": 3.0}}, callbacks=[stop])
    curves = fitted(ready)
    assert loss(ready.model) == pytest.approx(curves["val_loss"].min(), rel=1e-3)
    assert curves["val_loss"].min() < curves["val_loss"].iloc[-1]


def test_a_plateau_lowers_the_rate() -> None:
    plateau = {"ReduceLROnPlateau": {"monitor": "val_loss", "factor": 0.1, "patience": 1, "min_delta": 100.0}}
    ready = prepared(epochs=3, callbacks=[plateau])
    fitted(ready)  # nothing is better by a hundred: lowered after the second and the third epoch
    assert float(ready.model.optimizer.learning_rate) == pytest.approx(0.001)


def test_too_little_memory_names_the_batch_size() -> None:
    cleared = TypeError("'NoneType' object is not callable")
    cleared.__context__ = RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.")
    for error in (
        cleared,
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[4096,64,224,224]"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes."),
    ):
        assert str(fit.explain(error, setup_of(Shard()))) == (
            "params.yaml:7: models.m.fit.batch_size: 512: the device has too little memory for such a batch; try 256"
        )


def setup_of(shard: Shard) -> Setup:
    settings = model_of({"batch_size": 512}, layers=LAYERS).fit
    return Setup(None, SimpleNamespace(shard=shard), settings, PLACE.at("fit"))


def test_a_lost_process_is_named_where_there_are_several() -> None:
    error = ValueError("UNKNOWN: Gloo AllGather failed: Connection reset by peer")
    assert str(fit.explain(error, setup_of(Shard(0, 2, 2)))) == watchdog.LOST
    assert str(fit.explain(error, setup_of(Shard()))).startswith("params.yaml:7: models.m.fit: UNKNOWN: Gloo")


def test_an_error_of_ours_is_not_called_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = prepared()

    def fail(*_: Any) -> None:
        raise IndexError("ours")

    monkeypatch.setattr(ready.batches, "augmentation", fail)
    with pytest.raises(IndexError, match="^ours$"):
        fitted(ready)


def test_a_refusal_while_a_batch_is_made_arrives_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = prepared()

    def refuse(*_: Any) -> None:
        raise DarkroomError("params.yaml:7: models.m.augment[0]: Resize gives uint8 (4, 4, 1)")

    monkeypatch.setattr(ready.batches, "augmentation", refuse)
    with pytest.raises(DarkroomError, match=r"^params.yaml:7: models.m.augment\[0\]: Resize gives uint8 \(4, 4, 1\)$"):
        fitted(ready)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_weights_and_answers_in_float32(precision: str) -> None:
    runtime.start(0, precision=precision)
    try:
        ready = prepared(epochs=2)
        fitted(ready)
        assert {str(it.dtype) for it in ready.model.weights} <= {"float32", "uint32", "int64"}
        images = np.zeros((1, 8, 8, 1), np.uint8)
        for model in (ready.model, network.flip_averaged(ready.model)):
            assert np.asarray(model(images)).dtype == np.float32
        assert {layer.compute_dtype for layer in ready.model.layers if "conv2d" in layer.name} == {
            precision.removeprefix("mixed_")
        }
        assert (type(ready.model.optimizer).__name__ == "LossScaleOptimizer") == (precision == "mixed_float16")
    finally:
        keras.config.set_dtype_policy("float32")
