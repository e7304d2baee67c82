"""Tables as CSV in one dialect: UTF-8, comma-separated, a header, LF line endings, no index, floats with six decimals."""

from pathlib import Path

import pandas as pd

from darkroom.core import artifacts


def write(path: Path, table: pd.DataFrame) -> None:
    """Writes a table atomically."""
    text = table.to_csv(index=False, float_format=f"%.{artifacts.DIGITS}f", lineterminator="\n")
    artifacts.write_bytes(path, text.encode())


def read(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Reads all columns, or only `columns`, as strings; an empty cell is an empty string."""
    return pd.read_csv(path, usecols=columns, dtype=str, keep_default_na=False, lineterminator="\n", encoding="utf-8")
