"""A folder per class, or split folders (train, val, test) with a folder per class in each."""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from darkroom.core.errors import DarkroomError
from darkroom.data.ledger import Row
from darkroom.data.sources.listing import Listing
from darkroom.data.sources.readers.collection import SPLIT_ALIASES, Collection, of_files

COLUMNS = ("source", "class", "split", "group")
LOOSE = "in no class folder"


def read(root: Path, listing: Listing) -> Collection | None:
    """The images of `root` by its folders; None if it has none, or a single one that is not a split."""
    subfolders = listing.subfolders()
    splits = {folder: SPLIT_ALIASES[folder.casefold()] for folder in subfolders if folder.casefold() in SPLIT_ALIASES}
    if len(subfolders) < 2 and not splits:
        return None
    if not splits:
        return _collection(root, listing, f"a folder per class: {len(subfolders)} folders", {"": ""}, subfolders)
    _check_splits(root, subfolders, splits)
    classes = {name for folder in splits for name in listing.subfolders(folder)}
    layout = f"split folders: {', '.join(sorted(splits))}, with {len(set(map(class_name, classes)))} class folders"
    return _collection(root, listing, layout, splits, classes)


def class_name(folder: str) -> str:
    """The class of a folder: its name in Unicode's composed form, since file systems differ in the form that they store."""
    return unicodedata.normalize("NFC", folder)


def _collection(root: Path, listing: Listing, layout: str, splits: dict[str, str], classes: Iterable[str]) -> Collection:
    """`splits` are the folders above the class folders, each with its split; {"": ""} if there are none."""
    depth = 0 if "" in splits else 1
    rows, loose = [], []
    for name in listing.files:
        parts = name.split("/")
        if len(parts) > depth + 1:
            rows.append((name, class_name(parts[depth]), splits[parts[0] if depth else ""], ""))
        else:
            loose.append(Row(name, "", "refused", LOOSE))
    refused = [replace(row, class_name=_class_of(row.source, depth)) for row in listing.refused]
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)
    return of_files(layout, root, table, [*refused, *loose], listing.skipped, map(class_name, classes))


def _check_splits(root: Path, subfolders: list[str], splits: dict[str, str]) -> None:
    """Raises DarkroomError for split folders beside other folders, two folders for one split, or a missing train."""
    names = ", ".join(sorted(splits))
    if others := sorted(set(subfolders) - set(splits)):
        conflict = f"{', '.join(splits)} look like splits, but {', '.join(others)} lie beside them"
        raise DarkroomError(f"{root}: {conflict}: move one or the other away; classes with such names need a table")
    if len(set(splits.values())) < len(splits):
        raise DarkroomError(f"{root}: two folders for one split: {names}")
    if "train" not in splits.values():
        raise DarkroomError(f"{root}: {names} look like splits, but there is no train")


def _class_of(source: str, depth: int) -> str:
    parts = source.split("/")
    return parts[depth] if len(parts) > depth + 1 else ""
