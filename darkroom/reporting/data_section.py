"""What the page says of the data: how even its classes are, what became of its files, and whose labels disagree.

`summary` is reports/data/summary.json, `pairs` the table of reports/data/duplicates.csv.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

ACTIONS = ("converted", "refused")
COLUMNS = 12  # classes that have a column of their own in the table of reasons


def balance(summary: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """For each split the images of each class, as a share of the class that has most of them there."""
    return {split: _shares(counts) for split, counts in summary["images"].items()}


def extremes(summary: Mapping[str, Any]) -> tuple[tuple[str, int], tuple[str, int]]:
    """The classes with the most and with the fewest training images, and how many these are."""
    counts = [(name, int(summary["images"]["train"].get(name, 0))) for name in summary["classes"]]
    return max(counts, key=lambda pair: pair[1]), min(counts, key=lambda pair: pair[1])


def reasons(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Why files were converted or refused: `rows` of action, reason, total and a count for each of `columns`, the classes.

    The commonest reason of each action comes first. With more than 12 classes there are no columns, only totals.
    """
    found = {action: summary[action] for action in ACTIONS}
    named = [name for by_reason in found.values() for by_class in by_reason.values() for name in by_class]
    classes = _in_order([*summary["classes"], *sorted(named)])
    columns = classes if len(classes) <= COLUMNS else []
    rows = [_row(action, reason, found[action][reason], columns) for action in ACTIONS for reason in _by_total(found[action])]
    return {"columns": columns, "rows": rows}


def conflicts(pairs: pd.DataFrame, most: int) -> list[dict[str, str]]:
    """The first pairs of duplicates whose classes differ, the most alike before the others, each once."""
    differ = pairs[pairs["class"] != pairs["partner_class"]]
    both = [tuple(sorted(pair)) for pair in zip(differ["source"], differ["partner"], strict=True)]
    differ = differ[~pd.Series(both, index=differ.index, dtype=object).duplicated()]
    order = pd.to_numeric(differ["similarity"], errors="coerce").sort_values(ascending=False, kind="stable").index[:most]
    return [{str(key): str(value) for key, value in row.items()} for row in differ.loc[order].to_dict(orient="records")]


def told(arguments: Mapping[str, Any]) -> str:
    """Arguments of a transform as params.yaml would have them: `p: 0.5, rotate: [-20, 20]`."""
    return ", ".join(f"{key}: {json.dumps(value)}" for key, value in arguments.items())


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    most = max(counts.values(), default=0) or 1
    return {name: count / most for name, count in counts.items()}


def _in_order(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _by_total(by_reason: Mapping[str, Mapping[str, int]]) -> list[str]:
    return sorted(by_reason, key=lambda reason: (-sum(by_reason[reason].values()), reason))


def _row(action: str, reason: str, by_class: Mapping[str, int], columns: Sequence[str]) -> dict[str, Any]:
    cells = [by_class.get(name, 0) for name in columns]
    return {"action": action, "reason": reason, "total": sum(by_class.values()), "cells": cells}
