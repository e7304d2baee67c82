"""A data set in a zip or a tar: unpacked into a folder of its own, or refused before it can do harm.

    is_archive(path)       whether its name has the suffix of an archive
    unpack(path, folder)   all of its files, or nothing
    gunzip(path)           the content of a gzip file, which is no archive but a single file

Refused with one line: names that lead out of the folder, links, devices, duplicate names, encryption, damage, bombs.
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

from darkroom.config.catalog import ARCHIVE_SUFFIXES
from darkroom.core.errors import DarkroomError, prefixed
from darkroom.data import progress
from darkroom.data.sources import bombs, damage
from darkroom.data.sources.archives import tars, zips
from darkroom.data.sources.archives.rules import Entry, Rules

__all__ = ["gunzip", "is_archive", "unpack"]

SIGNATURES = {  # the first bytes; anything else can only be an uncompressed tar, which has none
    "zip": re.compile(rb"PK(\x03\x04|\x05\x06)"),
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\x00"),
}
DECOMPRESS: dict[str, Callable[..., Any]] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}


def is_archive(path: Path) -> bool:
    """Whether a file has the suffix of an archive, in any case."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def unpack(path: Path, folder: Path) -> None:
    """Unpacks an archive into `folder`, which must be new or empty.

    Modes, owners and times are not restored. On any failure `folder` is removed. Raises DarkroomError, one line with the name
    of the archive, if it is damaged, breaks one of the rules, or does not fit on the disk.
    """
    folder.mkdir(exist_ok=True)
    if any(folder.iterdir()):
        raise DarkroomError(f"{folder}: not empty; an archive is unpacked into a folder of its own")
    free_bytes = shutil.disk_usage(folder).free
    with _removed_on_failure(folder), prefixed(path), _opened(path, free_bytes) as entries:
        for entry in entries:
            _write(folder / entry.name, entry)


def gunzip(path: Path) -> Iterator[bytes]:
    """Yields the content of a gzip file in chunks. Raises DarkroomError, without the name, for damage and for a bomb."""
    limit, size = bombs.limit(path), 0
    with gzip.open(path) as stream:
        while chunk := damage.read(stream):
            size += len(chunk)
            bombs.check(size, limit)
            yield chunk


@contextmanager
def _opened(path: Path, free_bytes: int) -> Iterator[Iterator[Entry]]:
    with damage.refused():
        file = path.open("rb")
    rules, total = Rules(bombs.limit(path), free_bytes), path.stat().st_size
    with file, tqdm.wrapattr(file, "read", desc=path.name, total=total, **progress.OPTIONS) as stream:
        name = _format(file)
        if name in DECOMPRESS:
            with DECOMPRESS[name](stream) as content, closing(tars.entries(content, rules)) as entries:
                yield entries
        else:
            with closing((zips if name == "zip" else tars).entries(stream, rules)) as entries:
                yield entries


def _format(file: IO[bytes]) -> str:
    start = file.read(16)
    file.seek(0)
    if not start:
        raise DarkroomError("the file is empty")
    return next((name for name, signature in SIGNATURES.items() if signature.match(start)), "tar")


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
