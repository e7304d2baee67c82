"""A data set in a zip or a tar: unpacked into a scratch folder, or refused before it can do harm.

    is_archive(path)       by its name
    unpack(path, folder)   its files under a folder of their own, or nothing at all

Refused, with one line: names that lead out of the folder, links, devices, two members of one name, passwords, damage, bombs.
"""

import bz2
import gzip
import lzma
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from darkroom.core.errors import DarkroomError
from darkroom.data.sources.archives import tars, zips
from darkroom.data.sources.archives.rules import Entry, Rules, refusing

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
HARMLESS = 1024**3  # bytes that may come out of any archive: a disk has them, and a bomb would want more
RATIO = 100  # above that, times the archive's size: tables and masks reach 50, deflate itself ends at 1032
KINDS = {  # the first bytes; all else can only be a plain tar, which has none of its own
    "zip": re.compile(rb"PK(\x03\x04|\x05\x06)"),
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
}
DECOMPRESS: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}


def is_archive(path: Path) -> bool:
    """Whether a file is called like an archive, in any case."""
    return path.name.lower().endswith(SUFFIXES)


def unpack(path: Path, folder: Path) -> None:
    """Writes the files of an archive below `folder`, which is made, or empty.

    Modes, owners and times are not kept. Whatever stops it removes `folder`. Raises DarkroomError, one line with the archive's name,
    for one that is damaged, cannot be trusted, or has no room on the disk.
    """
    folder.mkdir(exist_ok=True)
    if any(folder.iterdir()):
        raise DarkroomError(f"{folder}: not empty; an archive is unpacked into a folder of its own")
    with _whole_or_gone(folder), refusing(str(path)), _opened(path, shutil.disk_usage(folder).free) as entries:
        for entry in entries:
            _write(folder / entry.name, entry)


@contextmanager
def _opened(path: Path, room: int) -> Iterator[Iterator[Entry]]:
    size = path.stat().st_size
    rules = Rules(max(HARMLESS, RATIO * size), room)
    bar = {"total": size, "desc": path.name, "delay": 1, "mininterval": 1, "leave": False}
    with path.open("rb") as file, tqdm.wrapattr(file, "read", **bar) as stream:
        kind = _kind(file)
        if kind in DECOMPRESS:
            with DECOMPRESS[kind](stream) as tape, closing(tars.entries(tape, rules)) as entries:
                yield entries
        else:
            with closing((zips if kind == "zip" else tars).entries(stream, rules)) as entries:
                yield entries


def _kind(file: IO[bytes]) -> str:
    head = file.read(16)
    file.seek(0)
    if not head:
        raise DarkroomError("the file is empty")
    return next((kind for kind, start in KINDS.items() if start.match(head)), "tar")


def _write(target: Path, entry: Entry) -> None:
    try:
        if entry.content is None:
            target.mkdir(parents=True, exist_ok=True)
            return
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True)
        with target.open("xb") as stream:  # never over a file: some disks hold two names for one
            stream.writelines(entry.content)
    except OSError as error:
        raise DarkroomError(f"{entry.name!r} cannot be written ({error.strerror})") from None


@contextmanager
def _whole_or_gone(folder: Path) -> Iterator[None]:
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        yield
        undo.pop_all()
