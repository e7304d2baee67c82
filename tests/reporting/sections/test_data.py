"""What the page says about the data."""

import pandas as pd

from darkroom.reporting.sections import data
from tests.support.results import DUPLICATES


def test_the_balance_is_by_split_and_a_class_may_be_missing() -> None:
    images = {"train": {"a": 4, "b": 1}, "validation": {"a": 2}, "test": {}}
    summary = {"classes": ["a", "b", "c"], "images": images}
    assert data.balance(summary) == {"train": {"a": 1.0, "b": 0.25}, "validation": {"a": 1.0}, "test": {}}
    assert data.extremes(summary) == (("a", 4), ("c", 0))


def test_reasons_are_in_descending_order_with_a_column_per_class() -> None:
    converted = {"16 bit": {"b": 2}, "RGBA": {"a": 2, "b": 3}}
    summary = {"classes": ["b", "a"], "converted": converted, "refused": {"truncated": {"": 1}}}
    assert data.reasons(summary) == {
        "columns": ["b", "a", ""],
        "rows": [
            {"action": "converted", "reason": "RGBA", "total": 5, "cells": [3, 2, 0]},
            {"action": "converted", "reason": "16 bit", "total": 2, "cells": [2, 0, 0]},
            {"action": "refused", "reason": "truncated", "total": 1, "cells": [0, 0, 1]},
        ],
    }


PAIRS = [
    ("a", "cat", "train", "b", "dog", "test", "near", "0.991"),
    ("b", "dog", "test", "a", "cat", "train", "near", "0.991"),
    ("c", "cat", "train", "d", "cat", "train", "exact", "1.0"),
    ("e", "dog", "train", "f", "cat", "test", "exact", "1.0"),
    ("g", "dog", "dropped", "f", "cat", "test", "exact", "1.0"),
]


def test_a_pair_counts_once_even_if_each_image_names_the_other() -> None:
    pairs = data.unique_pairs(pd.DataFrame(PAIRS, columns=DUPLICATES))
    assert pairs["source"].tolist() == ["a", "c", "e", "g"]
    counts = [("within train", 1), ("between train and test", 2), ("between test and dropped", 1)]
    assert list(data.by_splits(pairs).items()) == counts
    assert data.by_splits(pairs.head(0)) == {}


def test_conflicts_are_pairs_of_different_classes_most_similar_first() -> None:
    pairs = data.unique_pairs(pd.DataFrame(PAIRS[:4], columns=DUPLICATES))
    assert [(row["source"], row["partner"]) for row in data.conflicts(pairs, 9)] == [("e", "f"), ("a", "b")]
    assert [row["source"] for row in data.conflicts(pairs, 1)] == ["e"]


def test_the_layout_is_in_plain_words() -> None:
    assert data.layout({"layout": "IDX: train-images"}) == "arrays in the format of MNIST (IDX): train-images"
    assert data.layout({"layout": "a table of 9 rows: image, class"}) == "a table of 9 rows: image, class"
