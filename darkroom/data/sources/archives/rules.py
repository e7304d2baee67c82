"""What every member of an archive must keep, whatever packed it; and how a fault is told, in one line.

The rules see names and sizes as the archive states them, before a byte of the content is read.
"""

import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import NamedTuple

from darkroom.core.errors import DarkroomError

CHUNK = 1024**2
DEEPEST = 100  # parts of a name: no data set needs more, and what removes folders calls itself once for each
DRIVE = re.compile("[A-Za-z]:")
DAMAGE = (  # what the libraries raise for files cut short or with changed bytes, as fuzzing and their source tell
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RecursionError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)


class Entry(NamedTuple):
    """One member: a relative name with `/`, and its content in pieces (None: it is a folder)."""

    name: str
    content: Iterator[bytes] | None


class Rules:
    """What the members of one archive must keep together. `admit` raises DarkroomError for the first that does not.

    `limit` is the number of bytes that they may unpack to as no bomb, `room` the number that the disk has free.
    """

    def __init__(self, limit: int, room: int) -> None:
        self.limit, self.room = limit, room
        self.stated = 0
        self.folders: dict[str, bool] = {}  # each name so far, and whether it is a folder

    def admit(self, raw: str, folder: bool, size: int) -> str:
        """The name of a member as it will stand below a folder (`.`: that folder itself)."""
        name = relative(raw, folder)
        self._claim(name, folder)
        if size < 0:
            raise DarkroomError(f"damaged or cut short ({raw!r} has {size} bytes)")
        self.stated += size
        self.check(self.stated)
        if self.stated > self.room:
            raise DarkroomError(f"needs more than the {self.room:,} bytes that are free on the disk")
        return name

    def check(self, unpacked: int) -> None:
        """Raises DarkroomError where an archive becomes more bytes than one of its size may."""
        if unpacked > self.limit:
            raise DarkroomError(f"unpacks to more than {self.limit:,} bytes, like a bomb; if it is none, unpack it by hand")

    def _claim(self, name: str, folder: bool) -> None:
        if not folder and self.folders.get(name) is False:
            raise DarkroomError(f"holds two files named {name!r}")
        known = None
        while name and (known := self.folders.get(name)) is None:  # what is known has known parents
            self.folders[name] = folder
            name, folder = name.rpartition("/")[0], True
        if known not in (None, folder):
            raise DarkroomError(f"holds {name!r} as a file and as a folder")


def relative(raw: str, folder: bool) -> str:
    """A member's name without `./` and doubled slashes. Raises DarkroomError for one that leads out or cannot be a name."""
    path = PurePosixPath(raw)
    if "\0" in raw:
        raise DarkroomError(f"the name {raw!r} holds a zero byte")
    if path.is_absolute() or ".." in path.parts or DRIVE.match(raw):
        raise DarkroomError(f"the name {raw!r} leads out of the folder")
    if "\\" in raw:
        raise DarkroomError(f"the name {raw!r} holds a backslash; pack it with / between folders")
    if not raw or not (path.parts or folder):
        raise DarkroomError("holds a member without a name")
    if len(path.parts) > DEEPEST:
        raise DarkroomError(f"the name {raw[:40]!r}... is {len(path.parts)} folders deep, {DEEPEST} is the limit")
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise DarkroomError(f"the name {raw!r} is not UTF-8") from None
    return str(path)


def refuse_link(raw: str) -> None:
    """Raises the DarkroomError for links of every kind: where they point cannot be trusted."""
    raise DarkroomError(f"holds a link ({raw!r}); pack the files themselves")


def refuse_special(raw: str) -> None:
    """Raises the DarkroomError for devices, pipes and whatever else is neither a file nor a folder."""
    raise DarkroomError(f"holds {raw!r}, which is neither a file nor a folder")


@contextmanager
def refusing(subject: str) -> Iterator[None]:
    """Puts `subject` in front of every DarkroomError, and turns what the libraries raise for damaged files into one."""
    try:
        yield
    except DarkroomError as refusal:
        raise DarkroomError(f"{subject}: {refusal}") from None
    except DAMAGE as error:
        unread = isinstance(error, NotImplementedError) or getattr(error, "errno", None)  # zlib and bz2 have an OSError without
        fault = "cannot be read" if unread else "damaged or cut short"
        told = getattr(error, "strerror", None) or str(error) or "its end is missing"
        raise DarkroomError(f"{subject}: {fault} ({' '.join(told.split())})") from None
