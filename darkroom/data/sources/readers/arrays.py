"""NumPy arrays, recognised by their names: an `.npz`, or a folder of `.npy` files.

Known names are x_train and y_train (Keras), train_images and train_labels (MedMNIST), each with val, valid, validation or test
in place of train; and images and labels, or x and y, without splits. Also the MATLAB file of the Olivetti faces.
"""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import io

from darkroom.core.errors import DarkroomError, prefixed
from darkroom.data.sources import bombs, damage
from darkroom.data.sources.readers.collection import SPLIT_ALIASES, Collection, Part, of_arrays

PAIRS = (  # names of the images and of the labels, and their split
    *(("images", "labels", ""), ("x", "y", "")),
    *((f"x_{name}", f"y_{name}", split) for name, split in SPLIT_ALIASES.items()),
    *((f"{name}_images", f"{name}_labels", split) for name, split in SPLIT_ALIASES.items()),
)
EXAMPLES = "x_train and y_train, train_images and train_labels, or images and labels"
DAMAGED = "a damaged .npz"
FACES = "olivettifaces.mat"
PIXELS_PER_FACE, FACES_PER_PERSON = 4096, 10


def is_known(path: Path) -> bool:
    """Whether an `.npz` holds images and labels under known names."""
    try:
        members = _members(path)
    except DarkroomError:
        return False
    return bool(known_files(member.filename for member in members))


def known_files(names: Iterable[str]) -> dict[str, str]:
    """The `.npy` files among `names` that form a known pair of images and labels, by their stem in lower case."""
    stems = {Path(name).stem.casefold(): name for name in names}
    both = [stem for images, labels, _ in PAIRS if images in stems and labels in stems for stem in (images, labels)]
    return {stem: stems[stem] for stem in both}


def read_npz(path: Path, classes: tuple[str, ...]) -> Collection:
    """Reads an `.npz`. Raises DarkroomError if it is damaged, a decompression bomb, or holds no known pair of arrays."""
    with prefixed(path):
        members = _members(path)
        bombs.check(sum(member.file_size for member in members), bombs.limit(path))
        inside = [member.filename for member in members]
        files = known_files(inside)
        if not files:
            raise DarkroomError(f"no known arrays ({EXAMPLES}); it has {', '.join(inside)}")
        names = {stem: Path(file).stem for stem, file in files.items()}
        arrays = _loaded(path, names)
    return _collection(path, path.name, arrays, names, classes)


def _members(path: Path) -> list[zipfile.ZipInfo]:
    with damage.refused(DAMAGED), zipfile.ZipFile(path) as archive:
        return archive.infolist()


def _loaded(path: Path, names: Mapping[str, str]) -> dict[str, Any]:
    """The members of an `.npz` under `names`, by stem: arrays, or the bytes of a member that is not an array."""
    with damage.refused(DAMAGED), path.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
        return {stem: content[name] for stem, name in names.items()}


def read_npy(folder: Path, files: dict[str, str], classes: tuple[str, ...]) -> Collection:
    """Memory-maps the `.npy` files that `known_files` returned."""
    return _collection(folder, "", {stem: _map(folder / name) for stem, name in files.items()}, files, classes)


def read_faces(path: Path, classes: tuple[str, ...]) -> Collection:
    """The Olivetti faces: `faces`, uint8 4096 x N, images of 64 x 64 in column-major order, ten consecutive ones per person."""
    with prefixed(path), damage.refused("not a MATLAB file with faces", io.matlab.MatReadError):
        faces = io.loadmat(str(path))["faces"]
    if faces.ndim != 2 or faces.shape[0] != PIXELS_PER_FACE:
        raise DarkroomError(f"{path}: faces must be {PIXELS_PER_FACE} x N, not {faces.shape}")
    images = np.ascontiguousarray(faces.T.reshape(-1, 64, 64).transpose(0, 2, 1))
    labels = np.arange(len(images)) // FACES_PER_PERSON
    return of_arrays("Olivetti faces: a MATLAB file", [_part(path, path.name, images, labels, "")], classes)


def _collection(
    path: Path, prefix: str, arrays: Mapping[str, NDArray[Any]], names: Mapping[str, str], classes: tuple[str, ...]
) -> Collection:
    """`arrays` and their `names` in the file are by stem; `prefix` goes before the names in `source`."""
    pairs = [pair for pair in PAIRS if pair[0] in arrays]
    splits = [split for _, _, split in pairs]
    if len(set(splits)) < len(splits) or ("" in splits and len(splits) > 1):
        raise DarkroomError(f"{path}: more than one pair of arrays for a split: {', '.join(names.values())}")
    parts = [
        _part(path, f"{prefix}/{names[images]}".lstrip("/"), arrays[images], arrays[labels], split)
        for images, labels, split in pairs
    ]
    layout = f"arrays: {', '.join(f'{names[images]} and {names[labels]}' for images, labels, _ in pairs)}"
    return of_arrays(layout, parts, classes)


def _part(path: Path, name: str, images: NDArray[Any], labels: NDArray[Any], split: str) -> Part:
    """Checks the types: images uint8 N x H x W (x 1 or 3), labels integers N or N x 1."""
    if not isinstance(images, np.ndarray) or not isinstance(labels, np.ndarray):
        raise DarkroomError(f"{path}: {name}: not a NumPy array")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        actual = f"{images.dtype} {images.shape}"
        raise DarkroomError(f"{path}: {name}: images must be uint8 N x H x W, or N x H x W x 1 or 3, not {actual}")
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim == 0 or labels.size != len(labels):
        raise DarkroomError(f"{path}: {name}: labels must be one integer per image, not {labels.dtype} {labels.shape}")
    return name, images, labels.reshape(-1).astype(np.int64), split


def _map(path: Path) -> NDArray[Any]:
    with prefixed(path), damage.refused("not a .npy file"):
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array
