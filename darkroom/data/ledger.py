"""The ledger of a data set: one row for every file that was converted, refused or dropped, so that none disappears silently."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError

COLUMNS = ("source", "class", "action", "reason")
SEPARATOR = "; "  # between the conversions of one file
SHOWN = 4  # reasons in an error

Action = Literal["converted", "refused", "dropped"]


@dataclass(frozen=True)
class Row:
    """A file, its class ("" where it has none), what was done with it, and why."""

    source: str
    class_name: str
    action: Action
    reason: str


def write(path: Path, rows: Iterable[Row]) -> None:
    """Writes the rows as CSV, sorted by source: source, class, action, reason."""
    stream = io.StringIO()
    lines = sorted((row.source, row.class_name, row.action, row.reason) for row in rows)
    csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *lines])
    artifacts.write_bytes(path, stream.getvalue().encode())


def totals(rows: Iterable[Row], action: Action) -> dict[str, dict[str, int]]:
    """Counts the files with an action by reason and class. Numbers in a reason become N, so that equal reasons add up."""
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.action == action:
            general = re.sub(r"\b\d[\d,]*\b(?! bit)", "N", row.reason)
            for reason in general.split(SEPARATOR) if action == "converted" else [general]:
                classes = counts.setdefault(reason, {})
                classes[row.class_name] = classes.get(row.class_name, 0) + 1
    return {reason: dict(sorted(classes.items())) for reason, classes in sorted(counts.items())}


def check_refused(rows: Sequence[Row], files: int, allowed: float, place: object) -> None:
    """Raises DarkroomError, with the most common reasons, if more than the fraction `allowed` of the files was refused.

    `place` is the line of params.yaml that sets `allowed`.
    """
    count = sum(row.action == "refused" for row in rows)
    if count > allowed * files:
        reasons = {reason: sum(classes.values()) for reason, classes in totals(rows, "refused").items()}
        common = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        listed = ", ".join(f"{reason} ({number})" for reason, number in common)
        limit = f"{100 * count / files:.1f} %, where {100 * allowed:g} % are allowed"
        raise DarkroomError(
            f"{place}: {count} of {files} files cannot be used, {limit}: {listed}; reports/data/ledger.csv names each"
        )
