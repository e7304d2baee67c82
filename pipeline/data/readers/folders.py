"""A folder per class, and split folders (train, val, test) with a folder per class in each."""

import unicodedata
from pathlib import Path

import pandas as pd

from pipeline.data.ledger import Row
from pipeline.data.listing import Listing
from pipeline.data.readers.collection import SPLITS, Collection, of_files
from pipeline.errors import Refusal

COLUMNS = ("source", "class", "split", "group")


def read(root: Path, found: Listing) -> Collection | None:
    """The pictures of `root` by its folders; None where it has none, or a single one that is no split."""
    splits = {folder: SPLITS[folder.casefold()] for folder in found.folders if folder.casefold() in SPLITS}
    if "train" in splits.values():
        return _split_folders(root, found, splits)
    if len(found.folders) < 2:
        return None
    rows, refused = [], []
    for name in found.files:
        if "/" in name:
            rows.append((name, class_name(name.split("/")[0]), "", ""))
        else:
            refused.append(Row(name, "", "refused", "in no class folder"))
    layout = f"a folder per class: {len(found.folders)} folders"
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)
    return of_files(layout, root, table, [*found.odd, *refused], found.skipped, map(class_name, found.folders))


def _split_folders(root: Path, found: Listing, splits: dict[str, str]) -> Collection:
    others = sorted(set(found.folders) - set(splits))
    if others:
        raise Refusal(
            f"{root}: {', '.join(splits)} look like splits, but {', '.join(others)} lie beside them: splits or classes?"
        )
    if len(set(splits.values())) < len(splits):
        raise Refusal(f"{root}: two folders for one split: {', '.join(sorted(splits))}")
    rows, refused = [], []
    for name in found.files:
        parts = name.split("/")
        if len(parts) > 2:
            rows.append((name, class_name(parts[1]), splits[parts[0]], ""))
        else:
            refused.append(Row(name, "", "refused", "in no class folder"))
    classes = {
        class_name(path.name)
        for folder in splits
        for path in (root / folder).iterdir()
        if path.is_dir() and path.name[0] != "."
    }
    layout = f"split folders: {', '.join(sorted(splits))}, with {len(classes)} class folders"
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)
    odd = [Row(row.source, _second(row.source), row.action, row.reason) for row in found.odd]
    return of_files(layout, root, table, [*odd, *refused], found.skipped, classes)


def class_name(folder: str) -> str:
    """The class that a folder stands for: its name in Unicode's composed form, which file systems differ in."""
    return unicodedata.normalize("NFC", folder)


def _second(source: str) -> str:
    parts = source.split("/")
    return parts[1] if len(parts) > 2 else ""
