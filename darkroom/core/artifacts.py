"""Files written whole or not at all, in one canonical form: a reader never meets half of one.

Each writer fills a neighbour `NAME.part` and renames it at the end; when writing fails (a full disk, a kill) the old
file stands and the part is removed, or overwritten by the next run.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, Protocol

import numpy as np

DIGITS = 6


class Table(Protocol):
    """A pandas.DataFrame, as far as it is needed here: this module is imported where pandas is not."""

    def to_csv(self, *, index: bool, float_format: str, lineterminator: str) -> str:
        """The table as text."""


def replace(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Writes `path` through `fill`, which gets a binary stream. Raises OSError with the file's name."""
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
    """Two empty folders: what is put into the first becomes `folder` at the end, the second is for unfinished work.

    Both lie in a neighbour `NAME.part`. When the work fails, `folder` is as it was and the neighbour is removed; after a
    kill the next run removes it.
    """
    part = folder.with_name(f"{folder.name}.part")
    fresh, scratch, old = part / "fresh", part / "scratch", part / "old"
    shutil.rmtree(part, ignore_errors=True)
    fresh.mkdir(parents=True)
    scratch.mkdir()
    try:
        yield fresh, scratch
        if folder.exists():
            folder.rename(old)  # and not removed first: that takes time, and a kill would leave half of it
        fresh.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `content` as it is."""
    replace(path, lambda stream: stream.write(content))


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Writes JSON with sorted keys, floats of six significant digits and a final newline."""
    text = json.dumps(rounded(content), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_bytes(path, f"{text}\n".encode())


def read_json(path: Path) -> Any:
    """What `write_json` wrote, whatever the machine's locale. Raises OSError with the file's name."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_csv(path: Path, table: Table) -> None:
    """Writes a table without its index, floats with six digits after the decimal point."""
    text = table.to_csv(index=False, float_format=f"%.{DIGITS}f", lineterminator="\n")
    write_bytes(path, text.encode())


def write_array(path: Path, array: np.ndarray) -> None:
    """Writes a NumPy array as `.npy`, C order."""

    def fill(stream: IO[bytes]) -> None:
        # Given a plain `write`, NumPy goes through Python's own, whose errors say that the disk is full.
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
