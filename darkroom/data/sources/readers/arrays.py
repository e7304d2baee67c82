"""NumPy arrays, by their names: an `.npz`, or a folder of `.npy` files.

Known are x_train and y_train (Keras), train_images and train_labels (MedMNIST), each with val, valid, validation or test in the
place of train; and images and labels, or x and y, without splits. Also scikit-learn's Olivetti faces as MATLAB has them.
"""

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import archives
from darkroom.data.sources.readers.collection import SPLITS, Collection, of_arrays

PAIRS = (
    *(("images", "labels", ""), ("x", "y", "")),
    *((f"x_{name}", f"y_{name}", split) for name, split in SPLITS.items()),
    *((f"{name}_images", f"{name}_labels", split) for name, split in SPLITS.items()),
)
FACES = "olivettifaces.mat"
PIXELS_OF_FACE, FACES_OF_PERSON = 4096, 10
# what damaged files were seen to raise; MemoryError: a header that claims more than there is memory
DAMAGE = (
    *(EOFError, LookupError, ValueError, TypeError, AttributeError, OSError, OverflowError, MemoryError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError),
)

Part = tuple[str, NDArray[np.uint8], NDArray[np.int64], str]


def is_known(path: Path) -> bool:
    """Whether an `.npz` holds a pair that is known."""
    try:
        with zipfile.ZipFile(path) as archive:
            return bool(pairs_of(archive.namelist()))
    except DAMAGE:
        return False


def pairs_of(names: Iterable[str]) -> dict[str, str]:
    """Those names of `.npy` files that are one of a known pair of images and labels, by their stem, in lower case."""
    stems = {Path(name).stem.casefold(): name for name in names}
    both = [name for one, other, _ in PAIRS if one in stems and other in stems for name in (one, other)]
    return {stem: stems[stem] for stem in both}


def read_npz(path: Path, classes: tuple[str, ...]) -> Collection:
    """The arrays of an `.npz`. Raises DarkroomError where it is damaged, a bomb, or holds no pair that is known."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > max(archives.HARMLESS, archives.RATIO * path.stat().st_size):
                raise DarkroomError(f"{path}: {size} bytes in {path.stat().st_size}: it may be made to fill the memory")
            wanted = pairs_of(archive.namelist())
            if not wanted:
                raise DarkroomError(f"{path}: no arrays that are known ({KNOWN}); it has {', '.join(archive.namelist())}")
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            found = {stem: content[Path(name).stem] for stem, name in wanted.items()}
    except DAMAGE as error:
        raise DarkroomError(f"{path}: a damaged .npz ({_first(error)})") from None
    return _read(path, path.name, found, {stem: Path(name).stem for stem, name in wanted.items()}, classes)


def read_npy(folder: Path, wanted: dict[str, str], classes: tuple[str, ...]) -> Collection:
    """The `.npy` files that `pairs_of` gives, mapped."""
    return _read(folder, "", {stem: _mapped(folder / name) for stem, name in wanted.items()}, wanted, classes)


def read_faces(path: Path, classes: tuple[str, ...]) -> Collection:
    """The Olivetti faces: `faces`, uint8 4096 x N, column-major pictures of 64 x 64, ten of each person in turn."""
    from scipy import io

    try:
        faces = io.loadmat(str(path))["faces"]
    except (*DAMAGE, io.matlab.MatReadError) as error:
        raise DarkroomError(f"{path}: not a MATLAB file with faces ({_first(error)})") from None
    if faces.ndim != 2 or faces.shape[0] != PIXELS_OF_FACE:
        raise DarkroomError(f"{path}: faces must be {PIXELS_OF_FACE} x N, not {faces.shape}")
    images = np.ascontiguousarray(faces.T.reshape(-1, 64, 64).transpose(0, 2, 1))
    labels = np.arange(len(images)) // FACES_OF_PERSON
    return of_arrays("Olivetti faces: a MATLAB file", [_part(path, path.name, images, labels, "")], classes)


KNOWN = "x_train and y_train, train_images and train_labels, or images and labels"


def _read(
    where: Path, prefix: str, found: Mapping[str, NDArray[Any]], names: Mapping[str, str], classes: tuple[str, ...]
) -> Collection:
    pairs = [pair for pair in PAIRS if pair[0] in found]
    splits = [split for _, _, split in pairs]
    if len(set(splits)) < len(splits) or ("" in splits and len(splits) > 1):
        raise DarkroomError(f"{where}: more than one pair of arrays for a split: {', '.join(names.values())}")
    parts = [_part(where, f"{prefix}/{names[one]}".lstrip("/"), found[one], found[other], split) for one, other, split in pairs]
    return of_arrays(f"arrays: {', '.join(f'{names[one]} and {names[other]}' for one, other, _ in pairs)}", parts, classes)


def _part(path: Path, name: str, images: NDArray[Any], labels: NDArray[Any], split: str) -> Part:
    """Checks the types: uint8 N x H x W (x 1 or 3), integers N (or N x 1)."""
    if not isinstance(images, np.ndarray) or not isinstance(labels, np.ndarray):
        raise DarkroomError(f"{path}: {name}: not a NumPy array")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        told = f"{images.dtype} {images.shape}"
        raise DarkroomError(f"{path}: {name}: images must be uint8 N x H x W, with 1 or 3 channels behind, not {told}")
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim == 0 or labels.size != len(labels):
        raise DarkroomError(f"{path}: {name}: labels must be one integer an image, not {labels.dtype} {labels.shape}")
    return name, images, labels.reshape(-1).astype(np.int64), split


def _mapped(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except DAMAGE as error:
        raise DarkroomError(f"{path}: not a .npy file ({_first(error)})") from None
    return array


def _first(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
