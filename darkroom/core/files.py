"""Reads whole files that come from outside: no devices or pipes, which may never end, and nothing that fills the memory."""

import stat
from pathlib import Path

from darkroom.core.errors import DarkroomError


def read(path: Path, largest: int) -> bytes:
    """The content of a regular file of at most `largest` bytes. Raises DarkroomError with the reason, without the path."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DarkroomError("not a regular file, but a folder, a device, a pipe or a socket")
        if status.st_size > largest:
            raise DarkroomError(f"{status.st_size:,} bytes; at most {largest:,} are allowed")
        return path.read_bytes()
    except OSError as error:
        raise DarkroomError((error.strerror or str(error)).lower()) from None
