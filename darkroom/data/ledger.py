"""What happened to every file that did not simply become an image: a row each, nothing in silence."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("source", "class", "action", "reason")
SEPARATOR = "; "  # between what had to be converted in one file
Action = Literal["converted", "refused", "dropped"]


@dataclass(frozen=True)
class Row:
    """A file, its class ("" where it has none), what was done with it, and why."""

    source: str
    class_name: str
    action: Action
    reason: str


def table(rows: Iterable[Row]) -> "pd.DataFrame":
    """The rows in order of their source."""
    import pandas as pd

    listed = sorted((row.source, row.class_name, row.action, row.reason) for row in rows)
    return pd.DataFrame(listed, columns=list(COLUMNS), dtype=str)


def totals(rows: Iterable[Row], action: Action) -> dict[str, dict[str, int]]:
    """How many files of each class an action befell, by reason; counts in a reason are N, so that like goes with like."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row.action == action:
            told = re.sub(r"\b\d[\d,]*\b(?! bit)", "N", row.reason)
            for reason in told.split(SEPARATOR) if action == "converted" else [told]:
                classes = found.setdefault(reason, {})
                classes[row.class_name] = classes.get(row.class_name, 0) + 1
    return {reason: dict(sorted(classes.items())) for reason, classes in sorted(found.items())}
