"""The data: class balance, what happened to the files, duplicates and leaks.

`summary` is the content of reports/data/summary.json, `pairs` the table in reports/data/duplicates.csv.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from darkroom.core import artifacts
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.evaluation import tables
from darkroom.reporting import figures

ACTIONS = ("converted", "refused")
COLUMNS = 12  # the most classes that get a column each in the table of reasons
MANY = 30  # with more classes than this, the page shows less of each
PAIRS = 20  # of duplicates with different labels, at most
SIDE = 128  # the longer side of an image on the page, in pixels


def content(workspace: Workspace, summary: Mapping[str, Any]) -> dict[str, Any]:
    """The values that do not depend on the models."""
    return {
        "data": summary,
        "many": len(summary["classes"]) > MANY,
        "totals": {split: sum(counts.values()) for split, counts in summary["images"].items()},
        "balance": balance(summary),
        "extremes": extremes(summary),
        "mosaics": mosaics(Shards(workspace.split("train")), summary["classes"]),
        "reasons": reasons(summary),
        "previews": artifacts.read_json(workspace.previews),
        "conflicts": conflicts(tables.read(workspace.duplicates), PAIRS),
    }


def balance(summary: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """For each split, the number of images of each class relative to the largest class."""
    return {split: _shares(counts) for split, counts in summary["images"].items()}


def extremes(summary: Mapping[str, Any]) -> tuple[tuple[str, int], tuple[str, int]]:
    """The classes with the most and with the fewest training images, each with its count."""
    counts = [(name, int(summary["images"]["train"].get(name, 0))) for name in summary["classes"]]
    return max(counts, key=lambda pair: pair[1]), min(counts, key=lambda pair: pair[1])


def mosaics(train: Shards, classes: Sequence[str]) -> dict[str, str]:
    """The first training images of each class, side by side, as data URIs; fewer and smaller ones for many classes."""
    count, side = (8, SIDE // 4) if len(classes) > MANY else (14, SIDE // 2)
    rows = {name: np.flatnonzero(train.labels == label)[:count] for label, name in enumerate(classes)}
    return {name: figures.png(figures.mosaic(train.images(row), side)) for name, row in rows.items() if len(row)}


def reasons(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Why files were converted or refused: `rows` of action, reason, total and `cells`, a count for each class in `columns`.

    The most frequent reason of each action comes first. With more than 12 classes there are no columns, only totals.
    """
    by_action = {action: summary[action] for action in ACTIONS}
    named = {name for by_reason in by_action.values() for by_class in by_reason.values() for name in by_class}
    classes = list(dict.fromkeys([*summary["classes"], *sorted(named)]))
    columns = classes if len(classes) <= COLUMNS else []
    rows = [
        _row(action, reason, by_reason[reason], columns)
        for action, by_reason in by_action.items()
        for reason in _by_total(by_reason)
    ]
    return {"columns": columns, "rows": rows}


def conflicts(pairs: pd.DataFrame, most: int) -> list[dict[str, str]]:
    """The first `most` pairs of duplicates whose classes differ, in descending similarity, each pair once."""
    differ = pairs[pairs["class"] != pairs["partner_class"]]
    both = [tuple(sorted(pair)) for pair in zip(differ["source"], differ["partner"], strict=True)]
    differ = differ[~pd.Series(both, index=differ.index, dtype=object).duplicated()]
    order = pd.to_numeric(differ["similarity"], errors="coerce").sort_values(ascending=False, kind="stable").index[:most]
    return [{str(key): str(value) for key, value in row.items()} for row in differ.loc[order].to_dict(orient="records")]


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    most = max(counts.values(), default=0) or 1
    return {name: count / most for name, count in counts.items()}


def _by_total(by_reason: Mapping[str, Mapping[str, int]]) -> list[str]:
    return sorted(by_reason, key=lambda reason: (-sum(by_reason[reason].values()), reason))


def _row(action: str, reason: str, by_class: Mapping[str, int], columns: Sequence[str]) -> dict[str, Any]:
    cells = [by_class.get(name, 0) for name in columns]
    return {"action": action, "reason": reason, "total": sum(by_class.values()), "cells": cells}
