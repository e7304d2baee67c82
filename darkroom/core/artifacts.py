"""Atomic writes in one canonical form: a reader never sees half a file.

Each writer fills `NAME.part` beside the target and renames it at the end. When writing fails (a full disk, a kill), the old
file or folder remains; the `.part` is removed, or overwritten by the next run.
"""

import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import numpy as np

from darkroom.core.errors import DarkroomError

DIGITS = 6


def replace(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Atomically replaces `path` with what `fill` writes to a binary stream.

    System errors, such as a full disk, are raised as OSError with the file's name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as stream:
            fill(stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        if error.errno is None:  # not from the system: a bug in `fill`
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replaced(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Replaces a whole folder; yields two empty folders, one for the new content and one for temporary files.

    Both are in `NAME.part`, beside `folder`; the first becomes `folder` at the end. When the work fails, `folder` is unchanged
    and `NAME.part` is removed; after a kill, the next run does both. If the previous folder cannot be put back, it stays in
    `NAME.part/old`, and a DarkroomError says so.
    """
    part = folder.with_name(f"{folder.name}.part")
    fresh, scratch, old = part / "fresh", part / "scratch", part / "old"
    _restore(folder, fresh, old)
    shutil.rmtree(part, ignore_errors=True)
    fresh.mkdir(parents=True)
    scratch.mkdir()
    try:
        yield fresh, scratch
        if folder.exists():
            folder.rename(old)  # renamed, not removed: removing takes time, and a kill would leave half of it
        fresh.rename(folder)
    finally:
        _restore(folder, fresh, old)
        shutil.rmtree(part, ignore_errors=True)


def _restore(folder: Path, fresh: Path, old: Path) -> None:
    """Undoes the first rename in `replaced` if the second one did not happen, that is, if `fresh` still exists."""
    if not (fresh.exists() and old.exists()):
        return
    if folder.exists():
        raise DarkroomError(f"{folder}: another program created it meanwhile; the previous one is {old}: move one of them away")
    try:
        old.rename(folder)
    except OSError as error:
        raise DarkroomError(f"{folder}: {error.strerror}; the previous folder is {old}; the next run moves it back") from error


def write_bytes(path: Path, content: bytes) -> None:
    """Writes bytes atomically."""
    replace(path, lambda stream: stream.write(content))


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Writes JSON with sorted keys, floats rounded to six significant digits and a final newline."""
    text = json.dumps(rounded(content), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def read_json(path: Path) -> Any:
    """Reads JSON as UTF-8, whatever the machine's locale. Raises OSError with the file's name."""
    return json.loads(path.read_text(encoding="utf-8"))


def csv_text(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Rows of text as CSV, in the dialect of `csv_files`, without pandas, which takes most of a second to import."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()


def write_array(path: Path, array: np.ndarray) -> None:
    """Writes a NumPy array as `.npy`, in C order."""

    def fill(stream: IO[bytes]) -> None:
        # NumPy writes to a real file in C, and its errors do not say that the disk is full. Python's `write` does.
        writer = SimpleNamespace(write=stream.write)
        np.lib.format.write_array(writer, np.ascontiguousarray(array), allow_pickle=False)

    replace(path, fill)


def rounded(value: object) -> object:
    """The same structure with every float rounded to six significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value
