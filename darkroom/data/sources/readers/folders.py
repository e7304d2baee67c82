"""A folder per class, and split folders (train, val, test) with a folder per class in each."""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from darkroom.core.errors import DarkroomError
from darkroom.data.ledger import Row
from darkroom.data.sources.listing import Listing
from darkroom.data.sources.readers.collection import SPLITS, Collection, of_files

COLUMNS = ("source", "class", "split", "group")
LOOSE = "in no class folder"


def read(root: Path, found: Listing) -> Collection | None:
    """The pictures of `root` by its folders; None where it has none, or a single one."""
    tops = found.below()
    splits = {folder: SPLITS[folder.casefold()] for folder in tops if folder.casefold() in SPLITS}
    if len(tops) < 2 and not splits:
        return None
    if not splits:
        return _collection(root, found, f"a folder per class: {len(tops)} folders", {"": ""}, tops)
    _only_splits(root, tops, splits)
    classes = {name for folder in splits for name in found.below(folder)}
    layout = f"split folders: {', '.join(sorted(splits))}, with {len(set(map(class_name, classes)))} class folders"
    return _collection(root, found, layout, splits, classes)


def class_name(folder: str) -> str:
    """The class that a folder stands for: its name in Unicode's composed form, which file systems differ in."""
    return unicodedata.normalize("NFC", folder)


def _collection(root: Path, found: Listing, layout: str, splits: dict[str, str], classes: Iterable[str]) -> Collection:
    """`splits` are the folders above the class folders, each with its split; "" where there are none."""
    depth = 0 if "" in splits else 1
    rows, refused = [], []
    for name in found.files:
        parts = name.split("/")
        if len(parts) > depth + 1:
            rows.append((name, class_name(parts[depth]), splits[parts[0] if depth else ""], ""))
        else:
            refused.append(Row(name, "", "refused", LOOSE))
    odd = [replace(row, class_name=_class_of(row.source, depth)) for row in found.odd]
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)
    return of_files(layout, root, table, [*odd, *refused], found.skipped, map(class_name, classes))


def _only_splits(root: Path, tops: list[str], splits: dict[str, str]) -> None:
    """Raises DarkroomError for splits beside classes, two folders for one split, or none to learn from."""
    if others := sorted(set(tops) - set(splits)):
        told = f"{', '.join(splits)} look like splits, but {', '.join(others)} lie beside them"
        raise DarkroomError(f"{root}: {told}: move one kind away; classes of such names need a table")
    if len(set(splits.values())) < len(splits):
        raise DarkroomError(f"{root}: two folders for one split: {', '.join(sorted(splits))}")
    if "train" not in splits.values():
        raise DarkroomError(f"{root}: {', '.join(sorted(splits))} look like splits, but there is no train")


def _class_of(source: str, depth: int) -> str:
    parts = source.split("/")
    return parts[depth] if len(parts) > depth + 1 else ""
