"""A training from its setup to its end."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from darkroom.training import fit, network, runtime
from tests.support.setups import LABELS, answers, fitted, prepared, write_splits

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def splits(project: Path) -> None:
    runtime.start(0)
    write_splits()


def test_the_curves_have_a_row_per_epoch_and_the_loss_falls() -> None:
    curves = fitted(prepared(epochs=5, optimizer={"Adam": {"learning_rate": 0.05}}))
    assert list(curves.columns) == ["epoch", "accuracy", "loss", "val_accuracy", "val_loss"]
    assert curves["epoch"].tolist() == [1, 2, 3, 4, 5]
    assert curves["loss"].iloc[-1] < curves["loss"].iloc[0]


def test_averaged_weights_are_the_mean_by_hand_and_are_what_is_validated() -> None:
    ready = prepared(batch_size=20, optimizer={"SGD": {"learning_rate": 0.5, "use_ema": True, "ema_momentum": 0.75}})
    steps: list[list[np.ndarray]] = []

    class Note(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps.append([np.array(variable) for variable in self.model.trainable_variables])

    usual = fit.callbacks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "callbacks", lambda *arguments: [*usual(*arguments), Note()])
        curves = fitted(ready)
    assert len(steps) == 2
    for variable, first, second in zip(ready.model.trainable_variables, *steps, strict=True):
        assert np.allclose(np.array(variable), 0.75 * first + 0.25 * second, atol=1e-6)
    assert curves["val_accuracy"].iloc[-1] == pytest.approx(np.mean(answers(ready.model).argmax(axis=1) == LABELS))


def test_a_plateau_lowers_the_rate() -> None:
    plateau = {"ReduceLROnPlateau": {"monitor": "val_loss", "factor": 0.1, "patience": 1, "min_delta": 100.0}}
    ready = prepared(epochs=3, callbacks=[plateau])
    fitted(ready)  # no epoch improves by 100: lowered after the second and the third
    assert float(ready.model.optimizer.learning_rate) == pytest.approx(0.001)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_weights_and_answers_in_float32(precision: str) -> None:
    runtime.start(0, precision=precision)
    try:
        ready = prepared(epochs=2)
        fitted(ready)
        assert {str(weight.dtype) for weight in ready.model.weights} <= {"float32", "uint32", "int64"}
        images = np.zeros((1, 8, 8, 1), np.uint8)
        for model in (ready.model, network.flip_averaged(ready.model)):
            assert np.asarray(model(images)).dtype == np.float32
        assert {layer.compute_dtype for layer in ready.model.layers if "conv2d" in layer.name} == {
            precision.removeprefix("mixed_")
        }
        assert (type(ready.model.optimizer).__name__ == "LossScaleOptimizer") == (precision == "mixed_float16")
    finally:
        keras.config.set_dtype_policy("float32")
