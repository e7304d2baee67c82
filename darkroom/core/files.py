"""Files that come from outside: why one cannot be read, and reading it whole, but no device, which may never end."""

import os
import stat
from pathlib import Path

from darkroom.core.errors import DarkroomError

LINKED_FOLDER = "a link to a folder; it is not followed"
NO_FILE = "no such file"


def unreadable(path: Path) -> str | None:
    """Why a path is not a readable file; None if it is one."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a broken link" if path.is_symlink() else NO_FILE
    except OSError as error:  # a link to itself, a name that is too long, a folder without permission
        return reason(error)
    if stat.S_ISDIR(mode):
        return LINKED_FOLDER if path.is_symlink() else "a folder, not a file"
    if not stat.S_ISREG(mode):
        return "not a regular file (a device, a pipe or a socket)"
    return None if os.access(path, os.R_OK) else "permission denied"


def read(path: Path, largest: int) -> bytes:
    """The content of a file of at most `largest` bytes. Raises DarkroomError with the reason, without the path."""
    if problem := unreadable(path):
        raise DarkroomError(problem)
    try:
        if (size := path.stat().st_size) > largest:
            raise DarkroomError(f"{size:,} bytes; at most {largest:,} are allowed")
        return path.read_bytes()
    except OSError as error:
        raise DarkroomError(reason(error)) from None


def reason(error: OSError) -> str:
    """What the system says about a file, to stand after its name."""
    return (error.strerror or str(error)).lower()
