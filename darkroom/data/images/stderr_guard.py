"""What the image libraries share with the whole process, held still while a picture is read.

Pillow keeps its largest picture in a global, warns through Python's warnings and logs: one thread at a time goes through
that. libjpeg, libpng and OpenCV write to standard error: a stage listens to it; a program that predicts keeps its own.
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
HEARD = 4096

_ALONE, _LISTENING = threading.Lock(), threading.Lock()
_LOGGER, _SILENT = logging.getLogger("PIL"), logging.NullHandler()


@contextmanager
def undisturbed(max_pixels: int) -> Iterator[None]:
    """Pillow warns of nothing inside and refuses more than twice `max_pixels` wherever a file claims them; one thread only."""
    with _ALONE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("PIL").addHandler(_SILENT)  # else Python prints what nobody handles; a second time changes nothing
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, max_pixels
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


@contextmanager
def overheard() -> Iterator[Callable[[], bytes]]:
    """Nothing inside is printed to standard error, by whatever thread; gives a function that says what would have been.

    One thread at a time: it could not be told whose line it is.
    """
    if sys.__stderr__ is None:  # closed from the start: that number may be any file by now
        yield lambda: b""
        return
    with _LISTENING:
        kept, heard = os.dup(STDERR), _nameless(os.getpid())
        try:
            os.dup2(heard, STDERR)
            yield lambda: os.pread(heard, HEARD, 0)
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)
            if os.lseek(heard, 0, os.SEEK_CUR):
                os.ftruncate(heard, 0)
                os.lseek(heard, 0, os.SEEK_SET)


@lru_cache(1)
def _nameless(_: int) -> int:
    """An empty file without a name, one for each process: a fork would share it. In memory where that can be had, because a
    container may have no place that can be written to.
    """
    if sys.platform == "linux":
        return os.memfd_create("heard")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
