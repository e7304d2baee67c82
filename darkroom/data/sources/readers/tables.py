"""A table that names files and their labels: CSV, TSV or Parquet.

The columns are known by their names, in any case: one for the path, relative to the table, one for the label; if there, one for
the split (train, val, test) and one for the group, whose pictures all stay on one side of a split.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pandas as pd

from darkroom.core.errors import DarkroomError
from darkroom.data.ledger import Row
from darkroom.data.sources.listing import unreadable
from darkroom.data.sources.readers import columns
from darkroom.data.sources.readers.collection import SPLITS, Collection, of_files


def read(path: Path) -> Collection:
    """The pictures that a table names. Raises DarkroomError, which names the table and the row, for one that cannot be trusted."""
    table = _checked(path, columns.load(path))
    reasons = [unreadable(path.parent / name) for name in table["source"]]
    refused = [
        Row(name, label, "refused", reason)
        for name, label, reason in zip(table["source"], table["class"], reasons, strict=True)
        if reason is not None
    ]
    told = ", ".join(f"{column} from '{name}'" for column, name in columns.known(path).items())
    present = table[[reason is None for reason in reasons]]
    found = of_files(f"a table of {len(table)} rows: {told}", path.parent, present, refused, names=table["class"])
    return replace(found, also=(path,))


def _checked(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Normal names. Raises DarkroomError for the first row that leads out of the folder, stands twice, or says nothing."""
    for column in ("path", "label"):
        _none(path, table[column].str.strip() == "", f"no {column}")
    outside = table["path"].map(lambda name: PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts)
    _none(path, outside, "its path leads out of the table's folder", table["path"])
    _none(path, table["path"].str.contains("\0", regex=False), "its path holds a NUL")
    sources = table["path"].map(lambda name: PurePosixPath(name).as_posix())
    _none(path, sources.duplicated(), "this file stands in the table twice", sources)
    splits = table["split"].str.strip().str.casefold() if "split" in table else pd.Series("", index=table.index)
    if "split" in table and (splits != "").any():
        _none(path, ~splits.isin(SPLITS), f"an unknown split (known: {', '.join(SPLITS)})", splits)
    groups = table["group"].str.strip() if "group" in table else pd.Series("", index=table.index)
    return pd.DataFrame(
        {"source": sources, "class": table["label"].str.strip(), "split": splits.replace(SPLITS), "group": groups}
    )


def _none(path: Path, wrong: "pd.Series[bool]", reason: str, values: Iterable[str] = ()) -> None:
    """Raises DarkroomError for the first row that is `wrong`."""
    if wrong.any():
        shown = [f"{value!r}: " for value, bad in zip(values, wrong, strict=False) if bad][:1]
        raise DarkroomError(f"{path}: row {columns.row_number(path, wrong)}: {''.join(shown)}{reason}")
