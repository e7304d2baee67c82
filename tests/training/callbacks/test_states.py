"""The state of a callback is everything in it that training changes."""

import inspect
from typing import Any

import keras
import numpy as np
import pytest

from darkroom.training import runtime
from darkroom.training.callbacks.best_weights import BestWeights
from darkroom.training.callbacks.learning_curves import LearningCurves
from darkroom.training.callbacks.states import KERAS_STATE, stateful
from darkroom.training.callbacks.weight_trace import WeightTrace

pytestmark = pytest.mark.tensorflow
OF_CALLBACK = {"params", "_model", "monitor_op"}  # set by Keras when training begins
LOGS = {"loss": 1.0, "val_loss": 0.5, "accuracy": 0.5, "val_accuracy": 0.5}


def after_an_epoch(callback: Any) -> Any:
    runtime.start(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0, use_ema=True), "mse")
    model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0)
    callback.set_params({"epochs": 2})
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_end(0, dict(LOGS))
    return callback


@pytest.mark.parametrize("callback_class", KERAS_STATE)
def test_keras_s_callbacks_have_no_attribute_that_is_neither_argument_nor_state(callback_class: Any) -> None:
    callback = after_an_epoch(callback_class())
    arguments = inspect.signature(callback_class).parameters.keys()
    assert set(KERAS_STATE[callback_class]) == vars(callback).keys() - arguments - OF_CALLBACK


@pytest.mark.parametrize("callback_class", [BestWeights, LearningCurves, WeightTrace])
def test_ours_save_and_restore_all_their_attributes(callback_class: Any) -> None:
    callback, fresh = after_an_epoch(callback_class()), callback_class()
    assert callback.get_state().keys() == vars(callback).keys() - OF_CALLBACK
    fresh.set_state(callback.get_state())
    assert all(getattr(fresh, name) is value for name, value in callback.get_state().items())


def test_a_callback_with_unknown_state_is_refused() -> None:
    with pytest.raises(KeyError):
        stateful(keras.callbacks.ProgbarLogger())
