"""The order of the callbacks, and the reason for each position."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from darkroom.core.dvc_files import Dependencies
from darkroom.data.shards import Shards
from darkroom.launch import checkpoint_file
from darkroom.training import fit, runtime
from darkroom.training.callbacks import weight_trace
from darkroom.training.callbacks.checkpoint import Checkpoint
from darkroom.training.callbacks.interrupt import Interrupt
from darkroom.training.fit import Records
from darkroom.training.setup import Setup
from tests.conftest import WORKSPACE, model_of
from tests.support.setups import LAYERS, fitted, loss, prepared, write_splits

pytestmark = pytest.mark.tensorflow
AVERAGED = {"SGD": {"learning_rate": 0.5, "use_ema": True, "ema_momentum": 0.75}}
ROUNDING = 1e-6  # Keras swaps weights by addition and subtraction
NOTHING = Dependencies({}, {})


@pytest.fixture(autouse=True)
def splits(project: Path) -> None:
    runtime.start(0)
    write_splits()


class RawWeights(keras.callbacks.Callback):
    """Records the raw variables of the model after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[list[np.ndarray]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps.append([np.array(variable) for variable in self.model.variables])


def trained(ready: Setup, checkpoint: Checkpoint | None = None) -> tuple[Records, RawWeights]:
    records, raw, usual = Records(), RawWeights(), fit.callbacks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "callbacks", lambda *arguments: [*usual(*arguments), raw])
        fit.fit(ready, Shards(WORKSPACE.split("validation")), 1, records, checkpoint)
    return records, raw


def test_the_order_is_this() -> None:
    settings = model_of({"optimizer": AVERAGED, "callbacks": ["EarlyStopping", "TerminateOnNaN"]}, layers=LAYERS).fit
    chain = fit.callbacks(settings, Records(), Checkpoint(Path("s.npz"), NOTHING, None, None))
    assert [type(callback).__name__ for callback in chain] == [
        *("Interrupt", "WeightTrace", "SwapEMAWeights", "LearningCurves", "BestWeights"),
        *("EarlyStopping", "TerminateOnNaN", "Checkpoint"),
    ]


def test_after_a_ctrl_c_no_other_callback_begins_a_batch() -> None:
    chain, begun = fit.callbacks(prepared().fit, Records()), []
    for callback in chain:
        if isinstance(callback, Interrupt):
            callback.interrupted = True
        else:
            callback.on_train_batch_begin = lambda *_: begun.append(1)
    with pytest.raises(KeyboardInterrupt):
        keras.callbacks.CallbackList(chain).on_train_batch_begin(0)
    assert begun == []


def test_the_weight_trace_records_the_raw_weights() -> None:
    traced: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weight_trace, "digests", SimpleNamespace(sha256=lambda content: traced.append(content) or ""))
        _, raw = trained(prepared(batch_size=20, optimizer=AVERAGED))
    for content, value in zip(traced, raw.steps[-1], strict=False):  # the optimizer's variables follow
        assert np.allclose(np.frombuffer(content, value.dtype), value.ravel(), atol=ROUNDING)


def test_the_best_weights_are_the_averaged_ones_that_were_validated() -> None:
    ready = prepared(batch_size=20, epochs=2, optimizer=AVERAGED)
    records, _ = trained(ready)
    ready.model.set_weights(records.best.weights)
    assert loss(ready.model) == pytest.approx(records.curves.table()["val_loss"].min(), rel=1e-4)


def test_an_early_stop_ends_with_the_averaged_weights_that_were_validated() -> None:
    stop = {"EarlyStopping": {"monitor": "val_loss", "patience": 0, "min_delta": 100.0}}
    ready = prepared(epochs=5, optimizer=AVERAGED, callbacks=[stop])
    curves = fitted(ready)
    assert len(curves) == 2
    assert curves["val_loss"].iloc[-1] == pytest.approx(loss(ready.model), rel=1e-4)


def test_early_stopping_decides_the_final_weights() -> None:
    stop = {"EarlyStopping": {"monitor": "val_loss", "patience": 3, "restore_best_weights": True}}
    ready = prepared(epochs=8, optimizer={"SGD": {"learning_rate": 3.0}}, callbacks=[stop])
    curves = fitted(ready)
    assert loss(ready.model) == pytest.approx(curves["val_loss"].min(), rel=1e-3)
    assert curves["val_loss"].min() < curves["val_loss"].iloc[-1]


def test_a_checkpoint_holds_the_raw_weights(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    ready = prepared(batch_size=20, epochs=2, optimizer=AVERAGED)
    _, raw = trained(ready, Checkpoint(path, NOTHING, None, None))
    state = checkpoint_file.read(path.read_bytes(), path)
    assert (state.epoch, state.batch, len(raw.steps)) == (1, 0, 4)
    for saved, value in zip(state.variables, raw.steps[1], strict=False):  # the optimizer's variables follow
        assert np.allclose(saved, value, atol=ROUNDING)
