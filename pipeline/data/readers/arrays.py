"""NumPy arrays, by their names: an `.npz`, or a folder of `.npy` files.

Known are x_train and y_train (Keras), train_images and train_labels (MedMNIST), each with val, valid, validation or test in the
place of train; and images and labels, or x and y, without splits. Also scikit-learn's Olivetti faces as MATLAB has them.
"""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.readers.collection import SPLITS, Collection, of_arrays
from pipeline.errors import Refusal

PAIRS = (("x_{}", "y_{}"), ("{}_images", "{}_labels"))
WHOLE = (("images", "labels"), ("x", "y"))
DAMAGED = (EOFError, KeyError, ValueError, OSError, zipfile.BadZipFile, zlib.error, NotImplementedError)
FACES = (4096, 10)  # pixels of a face, faces of a person, who follow one another

Part = tuple[str, NDArray[np.uint8], NDArray[np.int64], str]


def read_npz(path: Path, classes: tuple[str, ...]) -> Collection:
    """The arrays of an `.npz`. Raises Refusal where it is damaged or holds no pair that is known."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            return _read(path, path.name, {name: content[name] for name in content.files}, classes)
    except DAMAGED as error:
        raise Refusal(f"{path}: a damaged .npz ({error})") from None


def read_npy(folder: Path, files: list[str], classes: tuple[str, ...]) -> Collection:
    """The `.npy` files at the top of a folder, mapped."""
    return _read(folder, "", {Path(name).stem: _load(folder / name) for name in files}, classes)


def read_faces(path: Path, classes: tuple[str, ...]) -> Collection:
    """The Olivetti faces: `faces`, uint8 4096 x N, column-major pictures of 64 x 64, ten of each person in turn."""
    from scipy import io

    try:
        faces = io.loadmat(str(path))["faces"]
    except (*DAMAGED, TypeError, NotImplementedError) as error:
        raise Refusal(f"{path}: not a MATLAB file with faces ({error})") from None
    pixels, each = FACES
    if faces.ndim != 2 or faces.shape[0] != pixels:
        raise Refusal(f"{path}: faces must be {pixels} x N, not {faces.shape}")
    images = np.ascontiguousarray(faces.T.reshape(-1, 64, 64).transpose(0, 2, 1))
    labels = np.arange(len(images)) // each
    return of_arrays("Olivetti faces: a MATLAB file", [_part(path, path.name, images, labels, "")], classes)


def _read(where: Path, prefix: str, arrays: Mapping[str, NDArray[Any]], classes: tuple[str, ...]) -> Collection:
    keys = {name.casefold(): name for name in arrays}
    named = [(*pair, "") for pair in WHOLE]
    named += [(one.format(key), other.format(key), split) for key, split in SPLITS.items() for one, other in PAIRS]
    found = [(keys[one], keys[other], split) for one, other, split in named if one in keys and other in keys]
    splits = [split for _, _, split in found]
    if not found or len(set(splits)) < len(splits) or ("" in splits and len(splits) > 1):
        known = "x_train and y_train, train_images and train_labels, or images and labels"
        raise Refusal(f"{where}: no arrays that are known ({known}), or too many of them; it has {', '.join(arrays)}")
    suffix = "" if prefix else ".npy"
    parts = [
        _part(where, "/".join(filter(None, (prefix, one + suffix))), arrays[one], arrays[other], split)
        for one, other, split in found
    ]
    return of_arrays(f"arrays: {', '.join(f'{one} and {other}' for one, other, _ in found)}", parts, classes)


def _part(path: Path, name: str, images: NDArray[Any], labels: NDArray[Any], split: str) -> Part:
    """Checks the types: uint8 N x H x W (x 1 or 3), integers N (or N x 1)."""
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        raise Refusal(
            f"{path}: {name}: images must be uint8 N x H x W, with 1 or 3 channels behind, not {images.dtype} {images.shape}"
        )
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim == 0 or labels.size != len(labels):
        raise Refusal(f"{path}: {name}: labels must be one integer an image, not {labels.dtype} {labels.shape}")
    return name, images, labels.reshape(-1).astype(np.int64), split


def _load(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise Refusal(f"{path}: not a .npy file ({error})") from None
    return array
