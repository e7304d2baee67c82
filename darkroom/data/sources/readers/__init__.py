"""From the files of a data set to labelled pictures, one module a layout; which one it is, is seen from the files."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from darkroom.core.errors import DarkroomError
from darkroom.data.ledger import Row
from darkroom.data.sources.listing import Listing, listing
from darkroom.data.sources.readers import arrays, cifar, columns, folders, idx, tables
from darkroom.data.sources.readers.collection import Collection, Files

__all__ = ["Collection", "read"]

LAYOUTS = (
    "a folder per class; train, val and test folders with a folder per class in each; a table (.csv, .tsv, .parquet) with a "
    "path and a label; .npz or .npy arrays; IDX; CIFAR's binary files; a zip or tar of any of these"
)


def read(path: Path, classes: tuple[str, ...] = ()) -> Collection:
    """The pictures of a folder, a table or an `.npz`; `classes` name the labels where these are numbers.

    Raises DarkroomError, which names the file, where nothing is recognised or what is recognised is damaged.
    """
    if not path.exists():
        raise DarkroomError(f"{path}: no such file or folder")
    found = _file(path, classes) if path.is_file() else _folder(path, classes)
    if found is None:
        raise DarkroomError(f"{path}: not recognised as a data set; known are {LAYOUTS}")
    if len(found.items) == 0:
        raise DarkroomError(f"{path}: {found.layout}, but no file in it to read")
    return _named(found, classes, path) if classes and isinstance(found.pictures, Files) else found


def _file(path: Path, classes: tuple[str, ...]) -> Collection | None:
    suffix = path.suffix.lower()
    if suffix in columns.SUFFIXES:
        return tables.read(path)
    return arrays.read_npz(path, classes) if suffix == ".npz" else None


def _folder(root: Path, classes: tuple[str, ...]) -> Collection | None:
    found = listing(root)
    named = [name for name in found.top if Path(name).suffix.lower() in columns.SUFFIXES and columns.is_table(root / name)]
    if len(named) > 1:
        raise DarkroomError(f"{root}: several tables of paths and labels: {', '.join(named)}; name the one in params.yaml")
    if named:
        return _beside(tables.read(root / named[0]), found)
    from_arrays = _arrays(root, found, classes)
    from_folders = folders.read(root, found)
    if from_arrays and from_folders and len(from_folders.items):
        raise DarkroomError(
            f"{root}: {from_arrays.layout}, and {from_folders.layout}: name the arrays, or move one of them away"
        )
    return from_arrays or from_folders or _only_folder(root, found, classes)


def _arrays(root: Path, found: Listing, classes: tuple[str, ...]) -> Collection | None:
    """Arrays at the top of a folder, of whatever format; None for names that are not known."""
    top = found.top
    if packed := [name for name in top if name.lower().endswith(".npz")]:
        if len(packed) > 1:
            raise DarkroomError(f"{root}: one .npz file is expected, there are {len(packed)}")
        return None if found.below() and not arrays.is_known(root / packed[0]) else arrays.read_npz(root / packed[0], classes)
    if arrays.FACES in top:
        return arrays.read_faces(root / arrays.FACES, classes)
    if plain := arrays.pairs_of([name for name in top if name.endswith(".npy")]):
        return arrays.read_npy(root, plain, classes)
    if any(idx.NAME.fullmatch(name) for name in top):
        return idx.read(root, top, classes)
    return cifar.read(root, top, classes) if cifar.is_cifar(top) else None


def _beside(found: Collection, lies: Listing) -> Collection:
    """A table's collection, and what else lies in its folder."""
    told = {row.source for row in found.refused}
    named = set(found.items["source"]) | told | {path.name for path in found.also}
    odd = [row for row in lies.odd if row.source not in told]
    unnamed = len(set(lies.files) - named)
    layout = f"{found.layout}; {unnamed} files beside it are not named" if unnamed else found.layout
    return replace(found, layout=layout, refused=(*found.refused, *odd), skipped=lies.skipped + unnamed)


def _only_folder(root: Path, found: Listing, classes: tuple[str, ...]) -> Collection | None:
    """What lies in the one folder of an archive that was packed with its folder. Sources are told from there."""
    tops = found.below()
    inside = _folder(root / tops[0], classes) if len(tops) == 1 else None
    loose = [Row(name, "", "refused", folders.LOOSE) for name in found.top]
    return replace(inside, refused=(*inside.refused, *loose)) if inside else None


def _named(found: Collection, classes: tuple[str, ...], path: Path) -> Collection:
    """Labels in the order of a recipe's classes. Raises DarkroomError for others."""
    if set(found.classes) != set(classes):
        raise DarkroomError(f"{path}: the classes are {', '.join(found.classes)}, the recipe names {', '.join(classes)}")
    places = np.asarray([classes.index(name) for name in found.classes])
    return replace(found, classes=classes, items=found.items.assign(label=places[found.items["label"]]))
