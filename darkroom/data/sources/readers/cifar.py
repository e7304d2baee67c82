"""CIFAR-10 and CIFAR-100 in binary form. A record is a label (CIFAR-100: coarse, fine), then 3 x 32 x 32 bytes by channel.

Source: the description on Krizhevsky's page about the data sets.
"""

from pathlib import Path

import numpy as np

from darkroom.core.arrays import Labels, Pixels
from darkroom.core.errors import DarkroomError
from darkroom.data.sources.readers.collection import Collection, of_arrays

SHAPE = (3, 32, 32)
CIFAR10 = {**{f"data_batch_{number}.bin": "train" for number in range(1, 6)}, "test_batch.bin": "test"}
CIFAR100 = {"train.bin": "train", "test.bin": "test"}
CLASS_NAMES = {1: "batches.meta.txt", 2: "fine_label_names.txt"}  # by the number of labels in a record


def is_cifar(names: list[str]) -> bool:
    """Whether the files directly in a folder have CIFAR's names."""
    return bool(CIFAR10.keys() & set(names)) or CIFAR100.keys() <= set(names)


def read(folder: Path, names: list[str], classes: tuple[str, ...]) -> Collection:
    """Memory-maps the images. The names of the classes are `classes`, or else those that a file in the folder lists."""
    labels = 1 if CIFAR10.keys() & set(names) else 2
    splits = CIFAR10 if labels == 1 else CIFAR100
    parts = [(name, *_records(folder / name, labels), splits[name]) for name in sorted(splits.keys() & set(names))]
    layout = f"CIFAR's binary format: {', '.join(name for name, *_ in parts)}"
    return of_arrays(layout, parts, classes or _class_names(folder / CLASS_NAMES[labels]))


def _records(path: Path, labels: int) -> tuple[Pixels, Labels]:
    """Images, uint8 N x 32 x 32 x 3, and the last of the `labels` of each record, int64 N."""
    size = labels + int(np.prod(SHAPE))
    length = path.stat().st_size
    if length == 0 or length % size:
        raise DarkroomError(f"{path}: truncated or too long: {length} bytes are not a whole number of records of {size} bytes")
    records = np.memmap(path, np.uint8, "r").reshape(-1, size)
    return records[:, labels:].reshape(-1, *SHAPE).transpose(0, 2, 3, 1), records[:, labels - 1].astype(np.int64)


def _class_names(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    return tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
