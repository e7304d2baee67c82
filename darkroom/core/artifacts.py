"""Atomic writes in one canonical form: a reader never sees half a file.

Each writer fills `NAME.part` beside the target and renames it at the end. When writing fails (a full disk, a kill), the old
file remains; the `.part` file is removed, or overwritten by the next run.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import numpy as np

DIGITS = 6


def replace(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Writes `path` atomically with what `fill` writes to a binary stream. Raises OSError with the file's name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as stream:
            fill(stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replaced(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Replaces a whole folder; yields two empty ones, the first for the new content and the second for temporary files.

    Both are in `NAME.part`, beside `folder`; the first becomes `folder` at the end. When the work fails, `folder` is unchanged
    and `NAME.part` is removed. After a kill, the next run removes it.
    """
    part = folder.with_name(f"{folder.name}.part")
    fresh, scratch, old = part / "fresh", part / "scratch", part / "old"
    if old.exists() and not folder.exists():  # a kill between the two renames below
        old.rename(folder)
    shutil.rmtree(part, ignore_errors=True)
    fresh.mkdir(parents=True)
    scratch.mkdir()
    try:
        yield fresh, scratch
        if folder.exists():
            folder.rename(old)  # renamed, not removed: removing takes time, and a kill would leave half of it
        fresh.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(part, ignore_errors=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `content` as it is."""
    replace(path, lambda stream: stream.write(content))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON with sorted keys, floats rounded to six significant digits and a final newline."""
    text = json.dumps(rounded(content), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def read_json(path: Path) -> Any:
    """Parses what `write_json` wrote, whatever the machine's locale. Raises OSError with the file's name."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_array(path: Path, array: np.ndarray) -> None:
    """Writes a NumPy array as `.npy`, in C order."""

    def fill(stream: IO[bytes]) -> None:
        # To a real file NumPy writes by itself, and its errors do not say that the disk is full. Python's `write` does.
        plain = SimpleNamespace(write=stream.write)
        np.lib.format.write_array(plain, np.ascontiguousarray(array), allow_pickle=False)

    replace(path, fill)


def rounded(value: Any) -> Any:
    """The same structure with every float rounded to six significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value
