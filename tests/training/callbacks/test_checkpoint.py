"""Every callback that params.yaml may name resumes as if its training had never been interrupted."""

from pathlib import Path
from typing import Any

import keras
import pytest

from darkroom.config import vocabulary
from darkroom.core.dvc_files import Dependencies
from darkroom.launch import checkpoint_file
from darkroom.launch.checkpoint_file import TrainingState
from darkroom.training import runtime
from darkroom.training.callbacks.states import stateful

pytestmark = pytest.mark.tensorflow
ARGUMENTS: dict[str, dict[str, Any]] = {
    "EarlyStopping": {"patience": 3, "min_delta": 0.01, "restore_best_weights": True},
    "ReduceLROnPlateau": {"patience": 2, "min_delta": 0.01, "cooldown": 1},
    "TerminateOnNaN": {},
}
LOSSES = [1.0, 0.5, 0.495, 0.504, 0.3, 0.305, 0.299, 0.301]


def test_the_callbacks_are_these() -> None:
    assert sorted(vocabulary.callbacks()) == sorted(ARGUMENTS)


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("broken", range(1, 7))
def test_every_callback_resumes(name: str, broken: int, tmp_path: Path) -> None:
    runtime.start(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    path = tmp_path / "s.npz"

    def fresh() -> Any:
        callback = getattr(keras.callbacks, name)(**ARGUMENTS[name])
        callback.set_model(model)
        callback.on_train_begin()
        return callback

    def end(breaks: int | None) -> tuple[Any, float]:
        """The state of the callback and the learning rate after all epochs."""
        model.compile(keras.optimizers.SGD(1.0), "mse")
        callback = fresh()
        for epoch, loss in enumerate(LOSSES):
            if epoch == breaks:
                checkpoint_file.write(path, TrainingState(epoch, 0, [], [stateful(callback).get_state()], Dependencies({}, {})))
                callback = fresh()
                stateful(callback).set_state(checkpoint_file.read(path.read_bytes(), path).callbacks[0])
            callback.on_epoch_end(epoch, {"loss": loss, "val_loss": loss})
        state = {key: value for key, value in stateful(callback).get_state().items() if key != "best_weights"}
        return state, float(model.optimizer.learning_rate)

    assert end(broken) == end(None)
