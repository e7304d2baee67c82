"""The state of a callback: what must be restored for it to go on in another process as if nothing had happened."""

from typing import Any, Protocol, runtime_checkable

import keras

State = dict[str, Any]  # numbers, text, arrays, and lists and mappings of them

OF_KERAS: dict[type[keras.callbacks.Callback], tuple[str, ...]] = {  # the attributes that a training changes
    keras.callbacks.EarlyStopping: ("best", "best_epoch", "best_weights", "stopped_epoch", "wait"),
    keras.callbacks.ReduceLROnPlateau: ("best", "cooldown_counter", "wait"),
    keras.callbacks.SwapEMAWeights: ("_ema_weights_in_model",),
    keras.callbacks.TerminateOnNaN: (),
}


@runtime_checkable
class Stateful(Protocol):
    """A callback that gives its state and takes it back."""

    def get_state(self) -> State:
        """What `set_state` needs in order to make a new callback equal to this one."""

    def set_state(self, state: State) -> None:
        """Takes the state that another callback of this class gave."""


class OfKeras:
    """The state of a callback of Keras, which has no method for it: the attributes that `OF_KERAS` lists."""

    def __init__(self, callback: keras.callbacks.Callback) -> None:
        self.callback, self.names = callback, OF_KERAS[type(callback)]

    def get_state(self) -> State:
        """The attributes by their names."""
        return {name: getattr(self.callback, name) for name in self.names}

    def set_state(self, state: State) -> None:
        """Sets the attributes."""
        for name in self.names:
            setattr(self.callback, name, state[name])


def stateful(callback: keras.callbacks.Callback) -> Stateful:
    """The state of a callback of this package or of one of Keras's in `OF_KERAS`."""
    return callback if isinstance(callback, Stateful) else OfKeras(callback)
