"""The columns of a table, found by their headings: CSV and TSV through pandas, Parquet through Arrow."""

from pathlib import Path

import pandas as pd
from pyarrow import ArrowException, parquet

from darkroom.core.errors import DarkroomError, prefixed
from darkroom.data.sources import damage

PARQUET = ".parquet"
SUFFIXES = (".csv", ".tsv", PARQUET)
HEADINGS = {
    "path": ("path", "file", "filename", "file_name", "filepath", "image", "image_path"),
    "label": ("label", "class", "class_name", "category", "target"),
    "split": ("split", "subset"),
    "group": ("group", "group_id", "patient", "patient_id", "subject", "subject_id"),
}
SEPARATORS = {
    ".csv": ",;\t",
    ".tsv": "\t,;",
}  # the most frequent one in the first line is used; the first here if there is none
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
        content = _parquet(path) if path.suffix.lower() == PARQUET else _text(path)
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
    return int(wrong.to_numpy().argmax()) + (1 if path.suffix.lower() == PARQUET else 2)


def _text(path: Path) -> pd.DataFrame:
    content = _csv(path)
    if not isinstance(content.index, pd.RangeIndex):
        raise DarkroomError(f"{UNREADABLE} (its rows have more fields than its heading)")
    return content


def _parquet(path: Path) -> pd.DataFrame:
    """The columns of the file, those of a pandas index included; whole numbers with gaps stay whole."""
    with damage.refused(UNREADABLE, ArrowException):
        content: pd.DataFrame = parquet.read_table(path).to_pandas(ignore_metadata=True, integer_object_nulls=True)
    return content


def _headings(path: Path) -> list[str]:
    with prefixed(path):
        names = _schema(path) if path.suffix.lower() == PARQUET else _csv(path, header=None, nrows=1).iloc[0]
    return [str(name).strip() for name in names]


def _schema(path: Path) -> list[str]:
    with damage.refused(UNREADABLE, ArrowException):
        names: list[str] = parquet.read_schema(path).names
    return names


def _csv(path: Path, header: int | None = 0, nrows: int | None = None) -> pd.DataFrame:
    with damage.refused(UNREADABLE), path.open(encoding="utf-8-sig", newline="") as stream:
        start = stream.readline(LONGEST_HEADING)
        stream.seek(0)
        separator = max(SEPARATORS[path.suffix.lower()], key=start.count)
        return pd.read_csv(stream, sep=separator, header=header, nrows=nrows, dtype=str, keep_default_na=False)
