"""Splits: disjoint, stratified, whole groups, a function of the seed; existing splits are kept."""

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data import splits
from tests.support.settings import settings

LABELS = np.repeat([0, 1, 2], [50, 30, 20]).astype(np.int64)
NONE = [""] * len(LABELS)


def counts(assigned: dict[str, np.ndarray], labels: np.ndarray = LABELS) -> dict[str, list[int]]:
    return {split: np.bincount(labels[rows], minlength=labels.max() + 1).tolist() for split, rows in assigned.items()}


def everything(assigned: dict[str, np.ndarray]) -> list[int]:
    return sorted(np.concatenate(list(assigned.values())).tolist())


def test_splits_are_disjoint_stratified_and_a_function_of_the_seed() -> None:
    assigned = splits.assign(LABELS, NONE, NONE, settings(validation=0.25))
    assert counts(assigned) == {"train": [30, 18, 12], "validation": [10, 6, 4], "test": [10, 6, 4]}
    assert everything(assigned) == list(range(100))
    again, other = (
        splits.assign(LABELS, NONE, NONE, settings(validation=0.25)),
        splits.assign(LABELS, NONE, NONE, settings(1, validation=0.25)),
    )
    assert all(np.array_equal(assigned[split], again[split]) for split in assigned)
    assert not np.array_equal(assigned["train"], other["train"])


def test_existing_splits_are_kept() -> None:
    existing = ["test"] * 7 + ["train"] * 73 + ["validation"] * 20
    assigned = splits.assign(LABELS, existing, NONE, settings())
    assert sorted(assigned["test"]) == list(range(7))
    assert sorted(assigned["validation"]) == list(range(80, 100))
    assert assigned["test"].tolist() != list(range(7))  # shuffled
    without = splits.assign(LABELS, ["train" if split == "test" else split for split in existing], NONE, settings())
    assert (len(without["test"]), sorted(without["validation"])) == (16, list(range(80, 100)))
    assert assigned["train"].tolist() != sorted(assigned["train"])  # so that the first n images contain all classes


def test_a_class_without_a_training_image_is_refused() -> None:
    existing = ["test" if label == 2 else "train" for label in LABELS]
    assigned = splits.assign(LABELS, existing, NONE, settings())
    with pytest.raises(
        DarkroomError, match="^params.yaml:4: preprocess: no training image of c: all are in validation or test"
    ):
        splits.check_train(assigned["train"], LABELS, ["a", "b", "c"], settings())


@pytest.mark.parametrize(
    ("small", "expected"),
    [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (4, (2, 1, 1)), (5, (3, 1, 1))],
)
def test_a_tiny_class_has_one_image_set_aside_if_another_remains(small: int, expected: tuple[int, int, int]) -> None:
    labels = np.repeat([0, 1], [100, small]).astype(np.int64)
    none = [""] * len(labels)
    assigned = splits.assign(labels, none, none, settings())
    assert tuple(of_split[1] for of_split in counts(assigned, labels).values()) == expected
    assert everything(assigned) == list(range(100 + small))


def test_a_group_is_in_one_split() -> None:
    groups = [f"patient {row // 4}" if row < 80 else "" for row in range(100)]
    assigned = splits.assign(LABELS, NONE, groups, settings(validation=0.25))
    groups_of = [{groups[row] for row in rows} - {""} for rows in assigned.values()]
    assert sum(map(len, groups_of)) == len(set.union(*groups_of)) == 20
    assert everything(assigned) == list(range(100))
    assert all(abs(len(assigned[split]) - count) <= 8 for split, count in (("train", 60), ("validation", 20), ("test", 20)))


def test_a_group_in_two_existing_splits_is_refused() -> None:
    with pytest.raises(
        DarkroomError,
        match="^params.yaml:2: dataset: group 'p' is in train and in test; all images of a group must be in one split",
    ):
        splits.assign(np.array([0, 1]), ["train", "test"], ["p", "p"], settings())


@pytest.mark.parametrize(
    ("labels", "existing", "line"),
    [
        ([0, 1], ["", ""], "params.yaml:4: preprocess.test: 0.2 of 2 images leaves none for test"),
        ([0, 1, 0, 1], ["test"] * 4, "params.yaml:4: preprocess.validation: 0.1 of 0 images leaves none for validation"),
        ([0, 1, 0, 1], ["test", "test", "validation", "validation"], "params.yaml:4: preprocess: no image is left to train on"),
    ],
)
def test_too_few_images_are_refused(labels: list[int], existing: list[str], line: str) -> None:
    with pytest.raises(DarkroomError, match=f"^{line}"):
        splits.assign(np.array(labels), existing, [""] * len(labels), settings())
