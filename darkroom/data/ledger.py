"""The ledger of a data set: one row for every file that was converted, refused or dropped, so that none disappears silently."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from darkroom.config.schema import Preprocess
from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError

COLUMNS = ("source", "class", "action", "reason")
SEPARATOR = "; "  # between the conversions of one file
SHOWN = 4  # reasons listed in an error message

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
    lines = sorted((row.source, row.class_name, row.action, row.reason) for row in rows)
    artifacts.write_bytes(path, artifacts.csv_text(COLUMNS, lines).encode())


def totals(rows: Iterable[Row], action: Action) -> dict[str, dict[str, int]]:
    """Counts the files with an action by reason and class. Numbers become N, so that reasons differing only in them add up."""
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.action == action:
            generic = re.sub(r"\b\d[\d,]*\b(?! bit)", "N", row.reason)
            for reason in generic.split(SEPARATOR) if action == "converted" else [generic]:
                classes = counts.setdefault(reason, {})
                classes[row.class_name] = classes.get(row.class_name, 0) + 1
    return {reason: dict(sorted(classes.items())) for reason, classes in sorted(counts.items())}


def check_refused(rows: Sequence[Row], files: int, chosen: Preprocess) -> None:
    """Raises DarkroomError, with the most common reasons, if more of the `files` were refused than params.yaml allows."""
    count = sum(row.action == "refused" for row in rows)
    if count > chosen.refused * files:
        reasons = {reason: sum(classes.values()) for reason, classes in totals(rows, "refused").items()}
        common = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        listed = ", ".join(f"{reason} ({number})" for reason, number in common)
        share = f"{100 * count / files:.1f} %, the limit is {100 * chosen.refused:g} %"
        line = f"{count} of {files} files cannot be used ({share}): {listed}; reports/data/ledger.csv lists each"
        raise DarkroomError(f"{chosen.at('refused')}: {line}")
