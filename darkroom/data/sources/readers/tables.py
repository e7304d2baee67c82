"""A table of files and their labels: CSV, TSV or Parquet.

Columns are recognised by their headings, in any case: the path, relative to the table, and the label; optionally the split
(train, val, test) and the group, whose images all stay in one split.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pandas as pd

from darkroom.core.errors import DarkroomError
from darkroom.core.files import NO_FILE, unreadable
from darkroom.data.ledger import Row
from darkroom.data.sources.readers import columns
from darkroom.data.sources.readers.collection import SPLIT_ALIASES, Collection, of_files


def read(path: Path) -> Collection:
    """The images that a table names. Raises DarkroomError, with the table and the row, for a value that is missing or wrong."""
    table = _checked(path, columns.load(path))
    reasons = [unreadable(path.parent / name) for name in table["source"]]
    refused = [
        Row(name, label, "refused", reason)
        for name, label, reason in zip(table["source"], table["class"], reasons, strict=True)
        if reason is not None
    ]
    if set(reasons) == {NO_FILE}:
        reason = f"{NO_FILE} in {path.parent}, as for every other row{_hint(path.parent, table['source'].iloc[0])}"
        _refuse_any(path, pd.Series(True, index=table.index), reason, table["source"])
    headings = ", ".join(f"{column} from '{heading}'" for column, heading in columns.headings_of(path).items())
    readable = table[[reason is None for reason in reasons]]
    layout = f"a table of {len(table)} rows: {headings}"
    return replace(of_files(layout, path.parent, readable, refused, names=table["class"]), extra_files=(path,))


def _hint(folder: Path, name: str) -> str:
    """A correction of a path that does not exist, where it is obvious; otherwise empty."""
    if (folder / name.replace("\\", "/")).is_file():
        return "; write / for each backslash"
    parts = PurePosixPath(name).parts
    extra = next((count for count in range(1, len(parts)) if folder.joinpath(*parts[count:]).is_file()), 0)
    return f"; leave out '{'/'.join(parts[:extra])}/'" if extra else ""


def _checked(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The table with normalised names. Raises DarkroomError for the first row whose path or split is missing or wrong."""
    for column in ("path", "label"):
        _refuse_any(path, table[column].str.strip() == "", f"no {column}")
    outside = table["path"].map(lambda name: PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts)
    _refuse_any(path, outside, "its path leads out of the table's folder", table["path"])
    _refuse_any(path, table["path"].str.contains("\0", regex=False), "its path holds a NUL byte")
    sources = table["path"].map(lambda name: PurePosixPath(name).as_posix())
    _refuse_any(path, sources.duplicated(), "this file is in the table twice", sources)
    splits = table["split"].str.strip().str.casefold() if "split" in table else pd.Series("", index=table.index)
    if "split" in table and (splits != "").any():
        _refuse_any(path, splits == "", "no split, which other rows have: write train, val or test in all, or in none")
        _refuse_any(path, ~splits.isin(SPLIT_ALIASES), f"an unknown split (known: {', '.join(SPLIT_ALIASES)})", splits)
    groups = table["group"].str.strip() if "group" in table else pd.Series("", index=table.index)
    return pd.DataFrame(
        {"source": sources, "class": table["label"].str.strip(), "split": splits.replace(SPLIT_ALIASES), "group": groups}
    )


def _refuse_any(path: Path, wrong: "pd.Series[bool]", reason: str, values: Iterable[str] = ()) -> None:
    """Raises DarkroomError for the first row that is `wrong`, if any is."""
    if wrong.any():
        shown = [f"{value!r}: " for value, bad in zip(values, wrong, strict=False) if bad][:1]
        raise DarkroomError(f"{path}: row {columns.row_number(path, wrong)}: {''.join(shown)}{reason}")
