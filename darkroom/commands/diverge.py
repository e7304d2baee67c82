"""Find where two trainings first differ: the epoch, and the first tensor in it whose bits differ.

    darkroom diverge models/cnn ../other/models/cnn

Each folder holds the trace.csv that `train` wrote. Exit code 0: no difference; 1: the message says where they differ.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from darkroom.core import command, csv_files
from darkroom.core.errors import DarkroomError, first_line

COLUMNS = ["epoch", "tensor", "sha256"]
INTERRUPT_NOTE = "nothing was changed"


def main(argv: Sequence[str] | None = None) -> None:
    """Compares the traces in two folders."""
    parser = command.parser(__doc__, "darkroom diverge")
    for name in ("one", "other"):
        parser.add_argument(name, metavar=name.upper(), type=Path, help="a folder of models/, after `dvc repro train@MODEL`")
    folders = parser.parse_args(argv)
    one, other = read(folders.one), read(folders.other)
    if line := difference(one, other):
        raise DarkroomError(f"{folders.one} and {folders.other}: {line}")
    print(f"{folders.one} and {folders.other}: the same, {one['tensor'].nunique()} tensors in {one['epoch'].max()} epochs")


def read(folder: Path) -> pd.DataFrame:
    """The trace in a folder: epoch (from 1), tensor, sha256. Raises DarkroomError if it is missing or no trace."""
    path = folder / "trace.csv"
    try:
        table = csv_files.read(path)
    except FileNotFoundError:
        raise DarkroomError(f"{path}: no such file; `dvc repro train@{folder.name}` writes it") from None
    except ValueError as error:  # pandas: not a table, or not UTF-8
        raise DarkroomError(f"{path}: not a trace ({first_line(error)})") from None
    if list(table.columns) != COLUMNS:
        raise DarkroomError(f"{path}: not a trace: its columns are {', '.join(map(str, table.columns))}")
    if not table["epoch"].str.fullmatch(r"[1-9]\d*").all():
        raise DarkroomError(f"{path}: not a trace: an epoch is not a positive integer")
    return table.astype({"epoch": int})


def difference(one: pd.DataFrame, other: pd.DataFrame) -> str | None:
    """Where two traces first differ, in words; None if they do not."""
    networks = [list(table.loc[table["epoch"] == 1, "tensor"]) for table in (one, other)]
    if networks[0] != networks[1]:
        pairs = zip(*networks, strict=False)
        first = next((f"{a} and {b}" for a, b in pairs if a != b), f"{len(networks[0])} and {len(networks[1])} tensors")
        return f"not the same network or optimizer: {first}"
    size = min(len(one), len(other))
    differs = one["sha256"][:size].to_numpy() != other["sha256"][:size].to_numpy()
    if differs.any():
        epoch, tensor = one.loc[differs.argmax(), ["epoch", "tensor"]]
        within = differs[(one["epoch"] == epoch)[:size]]
        return f"they differ from epoch {epoch} on: {within.sum()} of {len(within)} tensors, the first of them {tensor}"
    ends = one["epoch"].max(), other["epoch"].max()
    return f"the same for {min(ends)} epochs, then one continues to epoch {max(ends)}" if ends[0] != ends[1] else None
