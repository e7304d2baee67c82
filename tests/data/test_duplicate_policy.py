"""The policy for duplicates: which copy is kept, what is reported, and the counts."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from darkroom.config.schema import Duplicates
from darkroom.core.errors import DarkroomError
from darkroom.data import duplicate_policy, duplicates
from darkroom.data.ledger import Row
from tests.conftest import WORKSPACE
from tests.support.settings import settings

# Twelve images: 0 and 11 are copies, 1 and 2 near each other and of different classes.
TABLE = pd.DataFrame(
    {
        "source": [f"{number}.png" for number in range(12)],
        "label": np.arange(12) % 2,
        "split": ["train"] * 6 + ["validation"] * 3 + ["test"] * 3,
        "group": "",
    }
)
PAIRS = pd.DataFrame(
    {
        "first": [0, 1],
        "second": [11, 2],
        "similarity": [1.0, 0.995],
        "kind": pd.Categorical(["exact", "near"], duplicates.KINDS),
    }
)


def duplicates_of(policy: str) -> Duplicates:
    return settings().preprocess.duplicates.model_copy(update={"policy": policy})


def partition(policy: str) -> duplicate_policy.Partition:
    return duplicate_policy.partition(TABLE, ["a", "b"], PAIRS, settings(duplicates=duplicates_of(policy)))


def test_report_keeps_all_and_counts_them() -> None:
    result = partition("report")
    assert {split: sorted(rows) for split, rows in result.positions.items()} == {
        "train": [0, 1, 2, 3, 4, 5],
        "validation": [6, 7, 8],
        "test": [9, 10, 11],
    }
    assert np.flatnonzero(result.leaked).tolist() == [11]
    assert result.duplicates.to_numpy().tolist() == [
        ["0.png", "a", "train", "11.png", "b", "test", "exact", 1.0],
        ["1.png", "b", "train", "2.png", "a", "train", "near", 0.995],
        ["2.png", "a", "train", "1.png", "b", "train", "near", 0.995],
        ["11.png", "b", "test", "0.png", "a", "train", "exact", 1.0],
    ]
    assert duplicate_policy.summary(result) == {
        "pairs": {"exact": 1, "near": 1, "mirrored": 0},
        "leaked": 1,
        "conflicts": 4,
    }


def test_drop_keeps_the_test_image_and_else_the_first() -> None:
    result = partition("drop")
    assert sorted(result.positions["train"]) == [1, 3, 4, 5]
    assert sorted(result.positions["test"]) == [9, 10, 11]
    assert duplicate_policy.dropped_rows(result.duplicates) == [
        Row("0.png", "a", "dropped", "exact copy of 11.png"),
        Row("2.png", "a", "dropped", "near copy of 1.png"),
    ]
    assert not result.leaked.any()


def test_stop_names_the_first_duplicates() -> None:
    line = "params.yaml:4: preprocess.duplicates.policy: stop: 4 images have a duplicate: 0.png and 11.png .exact., 1.png and 2.png .near., 2.png and 1.png .near.; "
    with pytest.raises(DarkroomError, match=f"^{line}reports/data/duplicates.csv lists all$"):
        duplicate_policy.refuse(partition("report").duplicates, duplicates_of("stop"))
    duplicate_policy.refuse(partition("report").duplicates.head(0), duplicates_of("stop"))


def test_too_many_pairs_name_the_limit_in_params_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MAX_PAIRS", 0)
    alike = np.random.default_rng(0).integers(0, 9, (12, 64), np.uint8)
    alike[1] = alike[0] + 1
    table = TABLE.assign(sha256=[str(number) for number in range(12)])
    staged = SimpleNamespace(table=table, thumbnails=alike, classes=["a", "b"], rows=[])
    chosen = settings(duplicates=duplicates_of("report").model_copy(update={"similarity": 0.99}))
    line = "params.yaml:4: preprocess.duplicates.similarity: more than 0 pairs of images have a correlation of at least 0.99: raise it"
    with pytest.raises(DarkroomError, match=f"^{line}$"):
        duplicate_policy.apply(staged, chosen, WORKSPACE)  # type: ignore[arg-type]
