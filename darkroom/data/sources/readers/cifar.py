"""CIFAR-10 and CIFAR-100 in binary form: a record is the label (CIFAR-100: coarse, fine), then 3 x 32 x 32 bytes by colour.

Source: the description on the page of the data sets by Krizhevsky.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.data.sources.readers.collection import Collection, of_arrays

SHAPE = (3, 32, 32)
TEN = {**{f"data_batch_{number}.bin": "train" for number in range(1, 6)}, "test_batch.bin": "test"}
HUNDRED = {"train.bin": "train", "test.bin": "test"}
NAMES = {1: "batches.meta.txt", 2: "fine_label_names.txt"}


def is_cifar(files: list[str]) -> bool:
    """Whether the files at the top of a folder have CIFAR's names."""
    return bool(TEN.keys() & set(files)) or HUNDRED.keys() <= set(files)


def read(folder: Path, files: list[str], classes: tuple[str, ...]) -> Collection:
    """The pictures, mapped; the classes by the recipe's names, or by those in the folder."""
    labels = 1 if TEN.keys() & set(files) else 2
    known = TEN if labels == 1 else HUNDRED
    parts = []
    for name in sorted(known.keys() & set(files)):
        images, numbers = _records(folder / name, labels)
        parts.append((name, images, numbers, known[name]))
    names = classes or _names(folder / NAMES[labels])
    return of_arrays(f"CIFAR's binary format: {', '.join(name for name, *_ in parts)}", parts, names)


def _records(path: Path, labels: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    size = labels + int(np.prod(SHAPE))
    length = path.stat().st_size
    if length == 0 or length % size:
        raise DarkroomError(f"{path}: cut short or too long: {length} bytes are no whole number of records of {size}")
    records = np.memmap(path, np.uint8, "r").reshape(-1, size)
    return records[:, labels:].reshape(-1, *SHAPE).transpose(0, 2, 3, 1), records[:, labels - 1].astype(np.int64)


def _names(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
