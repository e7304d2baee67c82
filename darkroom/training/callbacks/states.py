"""The state of a callback: what must be restored so that it continues in another process as if never interrupted."""

from typing import Any, Protocol, runtime_checkable

import keras

State = dict[str, Any]  # numbers, strings, arrays, and lists and dicts of them

KERAS_STATE: dict[type[keras.callbacks.Callback], tuple[str, ...]] = {  # the attributes that change during training
    keras.callbacks.EarlyStopping: ("best", "best_epoch", "best_weights", "stopped_epoch", "wait"),
    keras.callbacks.ReduceLROnPlateau: ("best", "cooldown_counter", "wait"),
    keras.callbacks.SwapEMAWeights: ("_ema_weights_in_model",),
    keras.callbacks.TerminateOnNaN: (),
}


@runtime_checkable
class Stateful(Protocol):
    """A callback whose state can be saved and restored."""

    def get_state(self) -> State:
        """Everything that `set_state` needs to make a new callback equal to this one."""

    def set_state(self, state: State) -> None:
        """Restores what `get_state` of a callback of the same class returned."""


class KerasState:
    """The state of one of Keras's callbacks, which have no such methods: the attributes listed in `KERAS_STATE`."""

    def __init__(self, callback: keras.callbacks.Callback) -> None:
        self.callback, self.names = callback, KERAS_STATE[type(callback)]

    def get_state(self) -> State:
        """The attributes by name."""
        return {name: getattr(self.callback, name) for name in self.names}

    def set_state(self, state: State) -> None:
        """Sets the attributes."""
        for name in self.names:
            setattr(self.callback, name, state[name])


def stateful(callback: keras.callbacks.Callback) -> Stateful:
    """A callback of this package itself, or the state of one of Keras's. Raises KeyError if it is not in `KERAS_STATE`."""
    return callback if isinstance(callback, Stateful) else KerasState(callback)
