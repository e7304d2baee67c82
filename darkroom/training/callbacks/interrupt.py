"""Interrupt: Ctrl-C between two batches."""

import signal
from threading import current_thread, main_thread

import keras


class Interrupt(keras.callbacks.Callback):
    """Ends a training at Ctrl-C, between two batches; a second Ctrl-C ends it at once.

    Within a batch, JAX mostly waits inside a bare `except` of Keras (`pythonify_logs`), which would swallow the interrupt.
    """

    def __init__(self) -> None:
        super().__init__()
        self.interrupted = False

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Installs the handler, unless SIGINT is ignored or has another handler than Python's."""
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler and current_thread() is main_thread():
            signal.signal(signal.SIGINT, self._note)

    def _note(self, *_: object) -> None:
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Raises KeyboardInterrupt after a Ctrl-C."""
        if self.interrupted:
            raise KeyboardInterrupt

    def on_test_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """The same in validation."""
        self.on_train_batch_begin(batch)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Restores Python's own handler."""
        if signal.getsignal(signal.SIGINT) == self._note:
            signal.signal(signal.SIGINT, signal.default_int_handler)
