"""The account of a data set: what became of its files, in sums, and the limit to what may be lost."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from darkroom.core.errors import DarkroomError
from darkroom.data import index, ledger
from darkroom.data.ledger import Row
from darkroom.data.sources.readers import Collection

SHOWN = 4  # reasons


def refuse_too_many(rows: Sequence[Row], files: int, share: float, where: object) -> None:
    """Raises DarkroomError, with the most common reasons, where a larger share of the files than `share` cannot be used."""
    count = sum(row.action == "refused" for row in rows)
    if count > share * files:
        reasons = {reason: sum(classes.values()) for reason, classes in ledger.totals(rows, "refused").items()}
        common = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        told = ", ".join(f"{reason} ({number})" for reason, number in common)
        found = f"{count} of {files} files cannot be used, {100 * count / files:.1f} %, where {100 * share:g} % are allowed"
        raise DarkroomError(f"{where}: {found}: {told}; reports/data/ledger.csv names each")


def summary(collection: Collection, rows: Sequence[Row], classes: Sequence[str], indexed: pd.DataFrame) -> dict[str, Any]:
    """What was recognised, images of each class by split, files by what became of them, and why."""
    actions = ("converted", "refused", "dropped")
    number = {action: sum(row.action == action and row.source != "" for row in rows) for action in actions}
    return {
        "layout": collection.layout,
        "classes": list(classes),
        "images": index.counts(indexed),
        "files": {"used": len(indexed), **number, "skipped": collection.skipped},
        "converted": ledger.totals(rows, "converted"),
        "refused": ledger.totals(rows, "refused"),
    }
