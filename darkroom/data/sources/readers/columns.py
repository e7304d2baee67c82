"""The columns of a table, found by their headings: CSV and TSV through pandas, Parquet through Arrow."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from pyarrow import ArrowException, parquet

from darkroom.core.errors import DarkroomError, prefixed
from darkroom.data.sources import damage

HEADINGS = {
    "path": ("path", "file", "filename", "file_name", "filepath", "image", "image_path"),
    "label": ("label", "class", "class_name", "category", "target"),
    "split": ("split", "subset"),
    "group": ("group", "group_id", "patient", "patient_id", "subject", "subject_id"),
}
LONGEST_HEADING = 2**16  # characters
UNREADABLE = "not a readable table"


def headings_of(path: Path) -> dict[str, str]:
    """The table's heading for each key of `HEADINGS` that it has.

    Raises DarkroomError if it has none for the path or the label, or several for one key.
    """
    headings = _headings(path)
    columns = {}
    for column, names in HEADINGS.items():
        matches = [heading for heading in headings if heading.casefold() in names]
        if len(matches) > 1:
            raise DarkroomError(f"{path}: {column} could be {' or '.join(map(repr, matches))}: rename one of them")
        if matches:
            columns[column] = matches[0]
    if missing := {"path", "label"} - columns.keys():
        headings_by_column = "; ".join(f"{column}: {', '.join(HEADINGS[column])}" for column in sorted(missing))
        raise DarkroomError(
            f"{path}: no column for {' and '.join(sorted(missing))} (known: {headings_by_column}); it has {', '.join(headings)}"
        )
    return columns


def is_table(path: Path) -> bool:
    """Whether a file is a table with a column of paths and one of labels, rather than any other table."""
    try:
        headings = {heading.casefold() for heading in _headings(path)}
    except DarkroomError:
        return False
    return all(headings & set(HEADINGS[column]) for column in ("path", "label"))


def load(path: Path) -> pd.DataFrame:
    """The columns in `HEADINGS`, under those names, as text. Raises DarkroomError, with the row, for a missing value."""
    columns = headings_of(path)
    with prefixed(path):
        content = _format(path).content(path)
    table = content.rename(columns=lambda name: str(name).strip())[list(columns.values())].set_axis(list(columns), axis=1)
    if len(table) == 0:
        raise DarkroomError(f"{path}: no rows in it")
    optional = [name for name in ("split", "group") if name in columns]
    table[optional] = table[optional].fillna("")
    for name in columns:
        gaps = table[name].isna()
        if gaps.any():
            raise DarkroomError(f"{path}: row {row_number(path, gaps)}: no {name}")
        if not table[name].map(lambda value: isinstance(value, str | int)).all():
            raise DarkroomError(f"{path}: {name}: expected text or whole numbers")
    return table.astype(str)


def row_number(path: Path, wrong: "pd.Series[bool]") -> int:
    """The number of the first wrong row; for text the line in an editor, as long as no field holds a line break."""
    return int(wrong.to_numpy().argmax()) + _format(path).first_row


def _parquet(path: Path) -> pd.DataFrame:
    """The columns of the file, those of a pandas index included; whole numbers with gaps stay whole."""
    with damage.refused(UNREADABLE, ArrowException):
        content: pd.DataFrame = parquet.read_table(path).to_pandas(ignore_metadata=True, integer_object_nulls=True)
    return content


def _schema(path: Path) -> list[str]:
    with damage.refused(UNREADABLE, ArrowException):
        names: list[str] = parquet.read_schema(path).names
    return names


def _csv(separators: str, path: Path) -> pd.DataFrame:
    content = _cells(separators, path, header=0)
    if not isinstance(content.index, pd.RangeIndex):
        raise DarkroomError(f"{UNREADABLE} (its rows have more fields than its heading)")
    return content


def _csv_headings(separators: str, path: Path) -> list[str]:
    return list(_cells(separators, path, header=None, nrows=1).iloc[0])


def _cells(separators: str, path: Path, header: int | None, nrows: int | None = None) -> pd.DataFrame:
    """Text cells, separated by the most frequent of `separators` in the first line; by the first of them if there is none."""
    with damage.refused(UNREADABLE), path.open(encoding="utf-8-sig", newline="") as stream:
        start = stream.readline(LONGEST_HEADING)
        stream.seek(0)
        separator = max(separators, key=start.count)
        return pd.read_csv(stream, sep=separator, header=header, nrows=nrows, dtype=str, keep_default_na=False)


@dataclass(frozen=True)
class Format:
    """A format of tables: how headings and content are read, and the number by which users know the first row."""

    headings: Callable[[Path], list[str]]
    content: Callable[[Path], pd.DataFrame]
    first_row: int


FORMATS = {
    ".csv": Format(partial(_csv_headings, ",;\t"), partial(_csv, ",;\t"), 2),  # 2: the line in an editor
    ".tsv": Format(partial(_csv_headings, "\t,;"), partial(_csv, "\t,;"), 2),
    ".parquet": Format(_schema, _parquet, 1),
}
SUFFIXES = tuple(FORMATS)


def _format(path: Path) -> Format:
    return FORMATS[path.suffix.lower()]


def _headings(path: Path) -> list[str]:
    with prefixed(path):
        return [str(name).strip() for name in _format(path).headings(path)]
