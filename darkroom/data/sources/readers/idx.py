"""IDX, the format of MNIST: a big-endian header (type, number of dimensions, sizes), then the bytes.

Source: the description on the MNIST page by LeCun, Cortes and Burges.
"""

import re
from pathlib import Path

import numpy as np

from darkroom.core.arrays import Pixels
from darkroom.core.errors import DarkroomError, prefixed
from darkroom.data.sources import archives
from darkroom.data.sources.readers.collection import Collection, of_arrays

UNSIGNED_BYTE = 0x08
NAME = re.compile(r"(?P<stem>.*?(?P<split>train|t10k|test))-images[-.]idx3-ubyte(?P<packed>\.gz)?")
SPLIT_OF = {"train": "train", "t10k": "test", "test": "test"}


def read(folder: Path, names: list[str], classes: tuple[str, ...]) -> Collection:
    """Reads the pairs of images and labels with MNIST's names among `names`, the files directly in `folder`; gzip or not."""
    parts = []
    for name in names:
        if match := NAME.fullmatch(name):
            labels = name.replace("-images", "-labels").replace("idx3", "idx1")
            images = read_array(folder / name, 3)
            parts.append((name, images, read_array(folder / labels, 1).astype(np.int64), SPLIT_OF[match["split"]]))
    splits = [split for *_, split in parts]
    if len(set(splits)) < len(splits):
        raise DarkroomError(f"{folder}: several files for one split: {', '.join(name for name, *_ in parts)}")
    return of_arrays(f"IDX: {', '.join(name for name, *_ in parts)}", parts, classes)


def read_array(path: Path, dimensions: int) -> Pixels:
    """The uint8 array of an IDX file, memory-mapped unless gzipped. Raises DarkroomError if header and length do not agree."""
    header = 4 + 4 * dimensions
    if not path.is_file():
        raise DarkroomError(f"{path}: no such file")
    content = _content(path)
    start = content[:header].tobytes()
    if len(start) < header or start[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions]):
        raise DarkroomError(f"{path}: not an IDX file of bytes with {dimensions} dimensions")
    shape = tuple(int(size) for size in np.frombuffer(start[4:], ">u4"))
    expected = header + int(np.prod(shape, dtype=object))
    if len(content) != expected:
        raise DarkroomError(f"{path}: truncated or too long: {len(content)} bytes, the header states {expected}")
    return content[header:].reshape(shape)


def _content(path: Path) -> Pixels:
    if path.suffix == ".gz":
        with prefixed(path):
            return np.frombuffer(b"".join(archives.gunzip(path)), np.uint8)
    return np.memmap(path, np.uint8, "r") if path.stat().st_size else np.zeros(0, np.uint8)
