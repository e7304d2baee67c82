"""Finds the labelled images among the files of a data set. Each layout has a module, chosen by the files."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from darkroom.core.errors import DarkroomError
from darkroom.data.ledger import Row
from darkroom.data.sources.listing import Listing, scan
from darkroom.data.sources.readers import arrays, cifar, columns, folders, idx, tables
from darkroom.data.sources.readers.collection import Collection, Files

__all__ = ["Collection", "read"]

LAYOUTS = (
    "a folder per class; train, val and test folders with a folder per class in each; a table "
    f"({', '.join(columns.SUFFIXES)}) with a path and a label; .npz or .npy arrays; IDX; CIFAR's binary files; "
    "a zip or tar of any of these"
)


def read(path: Path, classes: tuple[str, ...] = ()) -> Collection:
    """Reads a folder, a table or an `.npz`; `classes` are the names of the labels 0, 1, 2 and so on, from a catalog entry.

    Raises DarkroomError, with the name of the file, if no layout is recognised or a file is damaged.
    """
    if not path.exists():
        raise DarkroomError(f"{path}: no such file or folder")
    collection = _read_file(path, classes) if path.is_file() else _read_folder(path, classes)
    if collection is None:
        raise DarkroomError(f"{path}: not recognised as a data set; supported are {LAYOUTS}")
    if len(collection.items) == 0:
        raise DarkroomError(f"{path}: {collection.layout}, but none of its files can be read")
    return _relabel(collection, classes, path) if classes and isinstance(collection.images, Files) else collection


def _read_file(path: Path, classes: tuple[str, ...]) -> Collection | None:
    suffix = path.suffix.lower()
    if suffix in columns.SUFFIXES:
        return tables.read(path)
    return arrays.read_npz(path, classes) if suffix == ".npz" else None


def _read_folder(root: Path, classes: tuple[str, ...]) -> Collection | None:
    listing = scan(root)
    table_names = [
        name for name in listing.top_files if Path(name).suffix.lower() in columns.SUFFIXES and columns.is_table(root / name)
    ]
    if len(table_names) > 1:
        raise DarkroomError(
            f"{root}: several tables of paths and labels: {', '.join(table_names)}; name one of them in params.yaml"
        )
    if table_names:
        return _with_unnamed_files(tables.read(root / table_names[0]), listing)
    from_arrays = _read_arrays(root, listing, classes)
    from_folders = folders.read(root, listing)
    if from_arrays and from_folders and len(from_folders.items):
        raise DarkroomError(
            f"{root}: {from_arrays.layout}, and {from_folders.layout}: name the arrays in params.yaml, or move one away"
        )
    return from_arrays or from_folders or _read_single_folder(root, listing, classes)


def _read_arrays(root: Path, listing: Listing, classes: tuple[str, ...]) -> Collection | None:
    """The arrays directly in a folder, in any format; None if no file has a known name."""
    names = listing.top_files
    if packed := [name for name in names if name.lower().endswith(".npz")]:
        if len(packed) > 1:
            raise DarkroomError(f"{root}: expected one .npz file, found {len(packed)}")
        is_data = not listing.subfolders() or arrays.is_known(root / packed[0])
        return arrays.read_npz(root / packed[0], classes) if is_data else None
    if arrays.FACES in names:
        return arrays.read_faces(root / arrays.FACES, classes)
    if files := arrays.known_files([name for name in names if name.endswith(".npy")]):
        return arrays.read_npy(root, files, classes)
    if any(idx.NAME.fullmatch(name) for name in names):
        return idx.read(root, names, classes)
    return cifar.read(root, names, classes) if cifar.is_cifar(names) else None


def _with_unnamed_files(collection: Collection, listing: Listing) -> Collection:
    """The collection of a table; files beside it that it does not name are counted as skipped."""
    refused = {row.source for row in collection.refused}
    named = set(collection.items["source"]) | refused | {path.name for path in collection.extra_files}
    others = [row for row in listing.refused if row.source not in refused]
    unnamed = len(set(listing.files) - named)
    layout = f"{collection.layout}; files beside it that it does not name: {unnamed}" if unnamed else collection.layout
    return replace(collection, layout=layout, refused=(*collection.refused, *others), skipped=listing.skipped + unnamed)


def _read_single_folder(root: Path, listing: Listing, classes: tuple[str, ...]) -> Collection | None:
    """Reads the only folder in `root`, since an archive often contains a single folder. Sources are relative to that folder."""
    subfolders = listing.subfolders()
    inside = _read_folder(root / subfolders[0], classes) if len(subfolders) == 1 else None
    loose = [Row(name, "", "refused", folders.LOOSE) for name in listing.top_files]
    return replace(inside, refused=(*inside.refused, *loose)) if inside else None


def _relabel(collection: Collection, classes: tuple[str, ...], path: Path) -> Collection:
    """Renumbers the labels in the order of a catalog entry's classes. Raises DarkroomError if the files have other classes."""
    if set(collection.classes) != set(classes):
        raise DarkroomError(
            f"{path}: the classes are {', '.join(collection.classes)}, the catalog entry names {', '.join(classes)}"
        )
    labels = np.asarray([classes.index(name) for name in collection.classes])
    return replace(collection, classes=classes, items=collection.items.assign(label=labels[collection.items["label"]]))
