"""A table that names files and their labels: CSV, TSV or Parquet, read by pandas.

The columns are known by their names, in any case: one for the path, relative to the table, one for the label; if there, one for
the split (train, val, test) and one for the group, whose pictures all stay on one side of a split.
"""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pandas as pd
from pyarrow import ArrowException

from pipeline.data.ledger import Row
from pipeline.data.readers.collection import SPLITS, Collection, of_files
from pipeline.errors import Refusal

SUFFIXES = (".csv", ".tsv", ".parquet")
NAMES = {
    "path": ("path", "file", "filename", "file_name", "filepath", "image", "image_path"),
    "label": ("label", "class", "class_name", "category", "target"),
    "split": ("split", "subset"),
    "group": ("group", "group_id", "patient", "patient_id", "subject", "subject_id"),
}


def read(path: Path) -> Collection:
    """The pictures that a table names. Raises Refusal, which names the table and the row, for one that cannot be trusted."""
    table = _checked(path, _loaded(path))
    missing = [not (path.parent / name).is_file() for name in table["source"]]
    refused = [
        Row(name, label, "refused", "a folder, not a file" if (path.parent / name).is_dir() else "no such file")
        for name, label in table.loc[missing, ["source", "class"]].to_numpy().tolist()
    ]
    told = ", ".join(f"{column} from '{name}'" for column, name in _columns(path, _headings(path)).items())
    present = table[[not gone for gone in missing]]
    return of_files(f"a table of {len(table)} rows: {told}", path.parent, present, refused, names=table["class"])


def is_table(path: Path) -> bool:
    """Whether a file is a table with a column of paths and one of labels; another table is none of ours."""
    try:
        headings = _headings(path)
    except Refusal:
        return False
    return all(any(heading.casefold() in NAMES[column] for heading in headings) for column in ("path", "label"))


def _loaded(path: Path) -> pd.DataFrame:
    """The columns that matter under our names, as text."""
    columns = _columns(path, _headings(path))
    try:
        parquet = path.suffix.lower() == ".parquet"
        content = pd.read_parquet(path, columns=list(columns.values())) if parquet else _text(path)
    except (ValueError, OSError, ArrowException) as error:
        raise Refusal(f"{path}: not a readable table ({_first(error)})") from None
    if not isinstance(content.index, pd.RangeIndex):
        raise Refusal(f"{path}: its rows have more fields than its heading")
    chosen = content[list(columns.values())].set_axis(list(columns), axis=1)
    if len(chosen) == 0:
        raise Refusal(f"{path}: no rows in it")
    for column in chosen:
        gaps = chosen[column].isna()
        if gaps.any():
            raise Refusal(f"{path}: row {_row(path, gaps)}: no {column}")
    odd = {column for column in columns if not chosen[column].map(lambda value: isinstance(value, str | int)).all()}
    if odd:
        raise Refusal(f"{path}: {', '.join(sorted(odd))}: text or whole numbers are expected")
    return chosen.astype(str)


def _text(path: Path) -> pd.DataFrame:
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    content = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return content.rename(columns=str.strip)


def _headings(path: Path) -> list[str]:
    try:
        if path.suffix.lower() == ".parquet":
            from pyarrow import parquet

            return [str(name) for name in parquet.read_schema(path).names]
        separator = "\t" if path.suffix.lower() == ".tsv" else ","
        row = pd.read_csv(path, sep=separator, dtype=str, header=None, nrows=1, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError, ArrowException) as error:
        raise Refusal(f"{path}: not a readable table ({_first(error)})") from None
    return [str(cell).strip() for cell in row.iloc[0]]


def _columns(path: Path, headings: list[str]) -> dict[str, str]:
    """Our names for the table's columns. Raises Refusal where one is missing or stands twice."""
    found = {}
    for column, names in NAMES.items():
        named = [heading for heading in headings if heading.casefold() in names]
        if len(named) > 1:
            raise Refusal(f"{path}: {column} could be {' or '.join(map(repr, named))}: rename one of them")
        if named:
            found[column] = named[0]
    if missing := {"path", "label"} - found.keys():
        told = "; ".join(f"{column}: {', '.join(NAMES[column])}" for column in sorted(missing))
        raise Refusal(f"{path}: no column for {' and '.join(sorted(missing))} (known: {told}); it has {', '.join(headings)}")
    return found


def _checked(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Normal names. Raises Refusal for the first row that leads out of the folder, stands twice, or says nothing."""
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
    """Raises Refusal for the first row that is `wrong`."""
    if wrong.any():
        shown = [f"{value!r}: " for value, bad in zip(values, wrong, strict=False) if bad][:1]
        raise Refusal(f"{path}: row {_row(path, wrong)}: {''.join(shown)}{reason}")


def _row(path: Path, wrong: "pd.Series[bool]") -> int:
    """The number of the first wrong row, as an editor counts lines where no field holds a line break."""
    return int(wrong.to_numpy().argmax()) + (1 if path.suffix.lower() == ".parquet" else 2)


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
