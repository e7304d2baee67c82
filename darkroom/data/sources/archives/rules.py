"""The rules for every member of an archive, whatever its format.

They apply to the names and sizes that the archive states, before any content is read.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import bombs

MAX_DEPTH = 100  # parts of a name: no data set needs more, and shutil.rmtree recurses once for each
DRIVE = re.compile("[A-Za-z]:")


class Entry(NamedTuple):
    """One member: a relative name with `/`, and its content in chunks (None for a folder)."""

    name: str
    content: Iterator[bytes] | None


class Rules:
    """Checks the members of one archive against each other and against two limits in bytes.

    `limit` is the most that they may unpack to (beyond it the archive counts as a bomb), `free_bytes` the free disk space.
    """

    def __init__(self, limit: int, free_bytes: int) -> None:
        self.limit, self.free_bytes = limit, free_bytes
        self.stated = 0
        self.folders: dict[str, bool] = {}  # each name so far, and whether it is a folder

    def admit(self, raw: str, folder: bool, size: int) -> str:
        """The cleaned name of a member; `.` is the target folder itself. Raises DarkroomError if the member breaks a rule."""
        name = relative(raw, folder)
        self._claim(name, folder)
        if size < 0:
            raise DarkroomError(f"damaged or truncated ({raw!r} has {size} bytes)")
        self.stated += size
        self.check(self.stated)
        if self.stated > self.free_bytes:
            raise DarkroomError(f"needs more than the {self.free_bytes:,} bytes free on the disk")
        return name

    def check(self, unpacked: int) -> None:
        """Raises DarkroomError if an archive unpacks to more bytes than its limit."""
        bombs.check(unpacked, self.limit)

    def _claim(self, name: str, folder: bool) -> None:
        if not folder and self.folders.get(name) is False:
            raise DarkroomError(f"holds two files named {name!r}")
        earlier = None
        while name and (earlier := self.folders.get(name)) is None:  # the parents of an earlier name are known already
            self.folders[name] = folder
            name, folder = name.rpartition("/")[0], True
        if earlier not in (None, folder):
            raise DarkroomError(f"holds {name!r} as a file and as a folder")


def relative(raw: str, folder: bool) -> str:
    """A member's name without `./` and doubled slashes. Raises DarkroomError if it leads out of the folder or is not valid."""
    path = PurePosixPath(raw)
    if "\0" in raw:
        raise DarkroomError(f"the name {raw!r} holds a NUL byte")
    if path.is_absolute() or ".." in path.parts or DRIVE.match(raw):
        raise DarkroomError(f"the name {raw!r} leads out of the folder")
    if "\\" in raw:
        raise DarkroomError(f"the name {raw!r} holds a backslash; pack it with / between folders")
    if not raw or not (path.parts or folder):
        raise DarkroomError("holds a member without a name")
    if len(path.parts) > MAX_DEPTH:
        raise DarkroomError(f"the name {raw[:40]!r}... is {len(path.parts)} folders deep, the limit is {MAX_DEPTH}")
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise DarkroomError(f"the name {raw!r} is not UTF-8") from None
    return str(path)


def refuse_link(raw: str) -> None:
    """Raises DarkroomError: a link of any kind may point anywhere."""
    raise DarkroomError(f"holds a link ({raw!r}); pack the files themselves")


def refuse_special(raw: str) -> None:
    """Raises DarkroomError: the member is a device, a pipe or something else that is neither a file nor a folder."""
    raise DarkroomError(f"holds {raw!r}, which is neither a file nor a folder")
