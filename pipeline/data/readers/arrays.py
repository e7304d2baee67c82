"""NumPy arrays: Keras's `.npz` (x_train, y_train, x_test, y_test) and a pair `images.npy`, `labels.npy`."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.readers.labelled import Labelled
from pipeline.errors import Refusal

SPLITS = ("train", "test")


def read_npz(folder: Path) -> dict[str, Labelled]:
    """The one `.npz` of a folder, in the layout of `keras.datasets`."""
    found = sorted(folder.glob("*.npz"))
    if len(found) != 1:
        raise Refusal(f"{folder}: one .npz file is expected, there are {len(found)}")
    (path,) = found
    try:
        with np.load(path, allow_pickle=False) as content:
            return {split: labelled(path / f"x_{split}", content[f"x_{split}"], content[f"y_{split}"]) for split in SPLITS}
    except (EOFError, KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise Refusal(f"{path}: not an .npz with x_train, y_train, x_test and y_test ({error})") from None


def read_npy(folder: Path) -> dict[str, Labelled]:
    """`images.npy` and `labels.npy`: all in `train`, no split of its own."""
    return {"train": labelled(folder / "images.npy", _load(folder / "images.npy"), _load(folder / "labels.npy"))}


def labelled(path: Path, images: NDArray[Any], labels: NDArray[Any]) -> Labelled:
    """Checks the types: uint8 N x H x W (x 1 or 3), integers N (or N x 1)."""
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise Refusal(f"{path}: images must be uint8 with 3 or 4 dimensions, not {images.dtype} {images.shape}")
    if not np.issubdtype(labels.dtype, np.integer) or labels.size != len(labels):
        raise Refusal(f"{path}: labels must be one integer an image, not {labels.dtype} {labels.shape}")
    return Labelled(images, labels.reshape(-1).astype(np.int64), path.name)


def _load(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise Refusal(f"{path}: not a .npy file ({error})") from None
    return array
