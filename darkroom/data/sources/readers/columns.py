"""The columns of a table, by their names, whatever its format: CSV and TSV through pandas, Parquet through Arrow."""

from pathlib import Path

import pandas as pd
from pyarrow import ArrowException

from darkroom.core.errors import DarkroomError

PARQUET = ".parquet"
SUFFIXES = (".csv", ".tsv", PARQUET)
NAMES = {
    "path": ("path", "file", "filename", "file_name", "filepath", "image", "image_path"),
    "label": ("label", "class", "class_name", "category", "target"),
    "split": ("split", "subset"),
    "group": ("group", "group_id", "patient", "patient_id", "subject", "subject_id"),
}
UNREADABLE = (ValueError, TypeError, OSError, LookupError, ArrowException)


def known(path: Path) -> dict[str, str]:
    """The table's headings by our names for them. Raises DarkroomError where one that is needed is missing, or one stands twice."""
    headings = _headings(path)
    found = {}
    for column, names in NAMES.items():
        named = [heading for heading in headings if heading.casefold() in names]
        if len(named) > 1:
            raise DarkroomError(f"{path}: {column} could be {' or '.join(map(repr, named))}: rename one of them")
        if named:
            found[column] = named[0]
    if missing := {"path", "label"} - found.keys():
        told = "; ".join(f"{column}: {', '.join(NAMES[column])}" for column in sorted(missing))
        raise DarkroomError(
            f"{path}: no column for {' and '.join(sorted(missing))} (known: {told}); it has {', '.join(headings)}"
        )
    return found


def is_table(path: Path) -> bool:
    """Whether a file is a table with a column of paths and one of labels; another table is none of ours."""
    try:
        headings = {heading.casefold() for heading in _headings(path)}
    except DarkroomError:
        return False
    return all(headings & set(NAMES[column]) for column in ("path", "label"))


def load(path: Path) -> pd.DataFrame:
    """The columns that matter under our names, as text. Raises DarkroomError, with the row, where a value is missing or no text."""
    names = known(path)
    try:
        content = _parquet(path) if path.suffix.lower() == PARQUET else _text(path)
    except UNREADABLE as error:
        raise DarkroomError(f"{path}: not a readable table ({_first(error)})") from None
    chosen = content.rename(columns=lambda name: str(name).strip())[list(names.values())].set_axis(list(names), axis=1)
    if len(chosen) == 0:
        raise DarkroomError(f"{path}: no rows in it")
    optional = [name for name in ("split", "group") if name in names]
    chosen[optional] = chosen[optional].fillna("")
    for name in names:
        gaps = chosen[name].isna()
        if gaps.any():
            raise DarkroomError(f"{path}: row {row_number(path, gaps)}: no {name}")
        if not chosen[name].map(lambda value: isinstance(value, str | int)).all():
            raise DarkroomError(f"{path}: {name}: text or whole numbers are expected")
    return chosen.astype(str)


def row_number(path: Path, wrong: "pd.Series[bool]") -> int:
    """The number of the first wrong row, as an editor counts lines where no field holds a line break."""
    return int(wrong.to_numpy().argmax()) + (1 if path.suffix.lower() == PARQUET else 2)


def _text(path: Path) -> pd.DataFrame:
    content = _csv(path)
    if not isinstance(content.index, pd.RangeIndex):
        raise ValueError("its rows have more fields than its heading")
    return content


def _parquet(path: Path) -> pd.DataFrame:
    """As the file has it: what pandas took for an index is a column as any other; whole numbers with gaps stay whole."""
    from pyarrow import parquet

    content: pd.DataFrame = parquet.read_table(path).to_pandas(ignore_metadata=True, integer_object_nulls=True)
    return content


def _headings(path: Path) -> list[str]:
    try:
        if path.suffix.lower() == PARQUET:
            from pyarrow import parquet

            return [str(name).strip() for name in parquet.read_schema(path).names]
        row = _csv(path, header=None, nrows=1)
    except UNREADABLE as error:
        raise DarkroomError(f"{path}: not a readable table ({_first(error)})") from None
    return [str(cell).strip() for cell in row.iloc[0]]


def _csv(path: Path, header: int | None = 0, nrows: int | None = None) -> pd.DataFrame:
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    return pd.read_csv(path, sep=separator, header=header, nrows=nrows, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _first(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__
