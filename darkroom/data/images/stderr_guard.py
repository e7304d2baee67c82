"""Keeps the image libraries from changing global state, and from printing to standard error.

Pillow keeps its pixel limit in a global variable and reports through Python's warnings and logging, so only one thread at a
time uses it. libjpeg, libpng and OpenCV print to standard error, which a stage can capture.
"""

import logging
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from PIL import Image

STDERR = 2
CAPTURED_BYTES = 4096

_PILLOW_LOCK, _STDERR_LOCK = threading.Lock(), threading.Lock()
_NULL_HANDLER = logging.NullHandler()


@contextmanager
def pillow_guard(max_pixels: int) -> Iterator[None]:
    """In the block, Pillow prints nothing and raises DecompressionBombError above twice `max_pixels`. One thread at a time."""
    with _PILLOW_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Without a handler Python prints logged warnings. Adding the same handler again has no effect.
        logging.getLogger("PIL").addHandler(_NULL_HANDLER)
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


@contextmanager
def captured_stderr() -> Iterator[Callable[[], bytes]]:
    """Captures standard error of the process, and yields a function that returns what was printed so far (at most 4 kB).

    One thread at a time, since a captured line does not say which thread printed it.
    """
    if sys.__stderr__ is None:  # closed before Python started, so its descriptor may belong to any file by now
        yield lambda: b""
        return
    with _STDERR_LOCK:
        original, capture = os.dup(STDERR), _capture_file(os.getpid())
        try:
            os.dup2(capture, STDERR)
            yield lambda: os.pread(capture, CAPTURED_BYTES, 0)
        finally:
            os.dup2(original, STDERR)
            os.close(original)
            if os.lseek(capture, 0, os.SEEK_CUR):
                os.ftruncate(capture, 0)
                os.lseek(capture, 0, os.SEEK_SET)


@lru_cache(1)
def _capture_file(_: int) -> int:
    """The descriptor of an empty, unnamed file, one per process, because a forked process would share its position.

    In memory on Linux: a container may have no writable folder.
    """
    if sys.platform == "linux":
        return os.memfd_create("stderr")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
