"""The data: class balance, what happened to the files, duplicates and leaks.

`summary` is the content of reports/data/summary.json, `pairs` are the `unique_pairs` of reports/data/duplicates.csv.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from darkroom.core import artifacts, csv_files
from darkroom.core.workspace import Workspace
from darkroom.data.images import opencv
from darkroom.data.index import DROPPED, SPLITS
from darkroom.data.shards import Shards
from darkroom.reporting import figures

ACTIONS = ("converted", "refused")
COLUMNS = 12  # with more classes, the table of reasons has totals only
MANY = 30  # with more classes, the page shows less of each
PAIRS = 20  # of duplicates with different labels, at most
LAYOUTS = {"IDX": "arrays in the format of MNIST (IDX)", "folder per class": "a folder per class"}
SIDE = 128  # the longer side of an image on the page, in pixels


def content(workspace: Workspace, summary: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the sections about the data, which do not depend on the models."""
    pairs = unique_pairs(csv_files.read(workspace.duplicates))
    return {
        "data": summary,
        "layout": layout(summary),
        "many": len(summary["classes"]) > MANY,
        "totals": {split: sum(counts.values()) for split, counts in summary["images"].items()},
        "balance": balance(summary),
        "extremes": extremes(summary),
        "mosaics": mosaics(Shards(workspace.split("train")), summary["classes"]),
        "reasons": reasons(summary),
        "previews": artifacts.read_json(workspace.previews),
        "paired": by_splits(pairs),
        "conflicts": conflicts(pairs, PAIRS),
    }


def layout(summary: Mapping[str, Any]) -> str:
    """The layout that the images were read from, in plain words."""
    name, colon, rest = str(summary["layout"]).partition(":")
    return LAYOUTS.get(name, name) + colon + rest


def balance(summary: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """For each split, the number of images of each class relative to the largest class."""
    return {split: _shares(counts) for split, counts in summary["images"].items()}


def extremes(summary: Mapping[str, Any]) -> tuple[tuple[str, int], tuple[str, int]]:
    """The classes with the most and with the fewest training images, each with its count."""
    counts = [(name, int(summary["images"]["train"].get(name, 0))) for name in summary["classes"]]
    return max(counts, key=lambda pair: pair[1]), min(counts, key=lambda pair: pair[1])


def mosaics(train: Shards, classes: Sequence[str]) -> dict[str, str]:
    """The first training images of each class, side by side, as data URLs; fewer and smaller ones for many classes."""
    count, side = (8, SIDE // 4) if len(classes) > MANY else (14, SIDE // 2)
    rows = {name: np.flatnonzero(train.labels == label)[:count] for label, name in enumerate(classes)}
    return {name: opencv.png_url(figures.mosaic(train.images(row), side)) for name, row in rows.items() if len(row)}


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


def unique_pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of duplicates.csv (each an image and its most similar duplicate), with each pair once."""
    pairs = [tuple(sorted(pair)) for pair in zip(rows["source"], rows["partner"], strict=True)]
    return rows[~pd.Series(pairs, index=rows.index, dtype=object).duplicated()]


def by_splits(pairs: pd.DataFrame) -> dict[str, int]:
    """The number of pairs within each split and between each two, under titles such as `between train and test`."""
    names = (*SPLITS, DROPPED)
    sides = zip(pairs["split"].map(names.index), pairs["partner_split"].map(names.index), strict=True)
    counts = Counter(tuple(sorted({*side})) for side in sides)
    return {
        f"{'within' if len(side) == 1 else 'between'} {' and '.join(names[index] for index in side)}": count
        for side, count in sorted(counts.items())
    }


def conflicts(pairs: pd.DataFrame, most: int) -> list[dict[str, str]]:
    """The first `most` pairs of duplicates whose classes differ, in descending similarity."""
    differ = pairs[pairs["class"] != pairs["partner_class"]]
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
