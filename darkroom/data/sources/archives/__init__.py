"""A data set in a zip or a tar: unpacked into a folder of its own, or refused before it can do harm.

    is_archive(path)       by its name
    unpack(path, folder)   all of its files, or nothing

Refused, with one line: names that lead out of the folder, links, devices, duplicate names, encryption, damage, bombs.
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
MIN_LIMIT = 1024**3  # bytes that any archive may unpack to: any disk has room for that, and a bomb would need more
MAX_RATIO = 100  # of larger archives, largest compression ratio: tables and masks reach 50, deflate at most 1032
SIGNATURES = {  # the first bytes; anything else can only be an uncompressed tar, which has none
    "zip": re.compile(rb"PK(\x03\x04|\x05\x06)"),
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
}
DECOMPRESS: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}


def is_archive(path: Path) -> bool:
    """Whether a file has the suffix of an archive, in any case."""
    return path.name.lower().endswith(SUFFIXES)


def size_limit(path: Path) -> int:
    """How many bytes a compressed file may unpack to before it counts as a bomb."""
    return max(MIN_LIMIT, MAX_RATIO * path.stat().st_size)


def unpack(path: Path, folder: Path) -> None:
    """Unpacks an archive into `folder`, which must be new or empty.

    Modes, owners and times are not restored. On any failure `folder` is removed. Raises DarkroomError, one line with the name
    of the archive, if it is damaged, breaks one of the rules, or does not fit on the disk.
    """
    folder.mkdir(exist_ok=True)
    if any(folder.iterdir()):
        raise DarkroomError(f"{folder}: not empty; an archive is unpacked into a folder of its own")
    with _removed_on_failure(folder), refusing(str(path)), _opened(path, shutil.disk_usage(folder).free) as entries:
        for entry in entries:
            _write(folder / entry.name, entry)


@contextmanager
def _opened(path: Path, free_bytes: int) -> Iterator[Iterator[Entry]]:
    rules = Rules(size_limit(path), free_bytes)
    bar = {"total": path.stat().st_size, "desc": path.name, "delay": 1, "mininterval": 1, "leave": False}
    with path.open("rb") as file, tqdm.wrapattr(file, "read", **bar) as stream:
        kind = _kind(file)
        if kind in DECOMPRESS:
            with DECOMPRESS[kind](stream) as content, closing(tars.entries(content, rules)) as entries:
                yield entries
        else:
            with closing((zips if kind == "zip" else tars).entries(stream, rules)) as entries:
                yield entries


def _kind(file: IO[bytes]) -> str:
    start = file.read(16)
    file.seek(0)
    if not start:
        raise DarkroomError("the file is empty")
    return next((kind for kind, signature in SIGNATURES.items() if signature.match(start)), "tar")


def _write(target: Path, entry: Entry) -> None:
    try:
        if entry.content is None:
            target.mkdir(parents=True, exist_ok=True)
            return
        if not target.parent.is_dir():
            target.parent.mkdir(parents=True)
        with target.open("xb") as stream:  # never overwrites: on some file systems two names are one file
            stream.writelines(entry.content)
    except OSError as error:
        raise DarkroomError(f"{entry.name!r} cannot be written ({error.strerror})") from None


@contextmanager
def _removed_on_failure(folder: Path) -> Iterator[None]:
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        yield
        stack.pop_all()
