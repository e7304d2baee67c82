"""IDX, the format of MNIST and its kin: a big-endian header (magic, dimensions), then the bytes.

Source: the description on the MNIST page by LeCun, Cortes and Burges.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.data.readers.labelled import Labelled
from pipeline.errors import Refusal

UNSIGNED_BYTE = 0x08
SPLITS = {"train": "train", "test": "t10k"}


def read(folder: Path) -> dict[str, Labelled]:
    """`train-*` and `t10k-*` of a folder, by MNIST's own file names."""
    return {
        split: Labelled(
            images=read_array(folder / f"{stem}-images-idx3-ubyte", 3),
            labels=read_array(folder / f"{stem}-labels-idx1-ubyte", 1).astype(np.int64),
            source=f"{stem}-images-idx3-ubyte",
        )
        for split, stem in SPLITS.items()
    }


def read_array(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The uint8 array of an IDX file, memory-mapped. Raises Refusal when header and length do not agree."""
    header = 4 + 4 * dimensions
    if not path.is_file():
        raise Refusal(f"{path}: no such file")
    with path.open("rb") as stream:
        start = stream.read(header)
    if len(start) < header or start[:4] != bytes([0, 0, UNSIGNED_BYTE, dimensions]):
        raise Refusal(f"{path}: not an IDX file of bytes with {dimensions} dimensions")
    shape = tuple(int(size) for size in np.frombuffer(start[4:], ">u4"))
    length = path.stat().st_size
    if length != header + int(np.prod(shape)):
        raise Refusal(f"{path}: cut short or too long: {length} bytes, the header promises {header + int(np.prod(shape))}")
    return np.memmap(path, np.uint8, "r", header, shape)
