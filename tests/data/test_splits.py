"""Splits: disjoint, stratified, whole groups, a function of the seed; existing splits are kept."""

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data import splits

LABELS = np.repeat([0, 1, 2], [50, 30, 20]).astype(np.int64)
NONE = [""] * len(LABELS)


def counts(assigned: dict[str, np.ndarray], labels: np.ndarray = LABELS) -> dict[str, list[int]]:
    return {split: np.bincount(labels[at], minlength=labels.max() + 1).tolist() for split, at in assigned.items()}


def everything(assigned: dict[str, np.ndarray]) -> list[int]:
    return sorted(np.concatenate(list(assigned.values())).tolist())


def test_splits_are_disjoint_stratified_and_a_function_of_the_seed() -> None:
    assigned = splits.assign(LABELS, NONE, NONE, 0.25, 0.2, 0)
    assert counts(assigned) == {"train": [30, 18, 12], "validation": [10, 6, 4], "test": [10, 6, 4]}
    assert everything(assigned) == list(range(100))
    again, other = splits.assign(LABELS, NONE, NONE, 0.25, 0.2, 0), splits.assign(LABELS, NONE, NONE, 0.25, 0.2, 1)
    assert all(np.array_equal(assigned[split], again[split]) for split in assigned)
    assert not np.array_equal(assigned["train"], other["train"])


def test_existing_splits_are_kept() -> None:
    existing = ["test"] * 7 + ["train"] * 73 + ["validation"] * 20
    assigned = splits.assign(LABELS, existing, NONE, 0.1, 0.2, 0)
    assert sorted(assigned["test"]) == list(range(7))
    assert sorted(assigned["validation"]) == list(range(80, 100))
    assert assigned["test"].tolist() != list(range(7))  # shuffled
    without = splits.assign(LABELS, ["train" if split == "test" else split for split in existing], NONE, 0.1, 0.2, 0)
    assert (len(without["test"]), sorted(without["validation"])) == (16, list(range(80, 100)))
    assert assigned["train"].tolist() != sorted(assigned["train"])  # what takes the first n sees all classes


def test_a_class_without_a_training_image_is_refused() -> None:
    existing = ["test" if label == 2 else "train" for label in LABELS]
    assigned = splits.assign(LABELS, existing, NONE, 0.1, 0.2, 0)
    with pytest.raises(DarkroomError, match="preprocess: no image to train on of c: all are in validation or test"):
        splits.check_train(assigned["train"], LABELS, ["a", "b", "c"])


@pytest.mark.parametrize(
    ("small", "expected"),
    [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (4, (2, 1, 1)), (5, (3, 1, 1))],
)
def test_a_tiny_class_gives_one_image_if_it_keeps_one(small: int, expected: tuple[int, int, int]) -> None:
    labels = np.repeat([0, 1], [100, small]).astype(np.int64)
    none = [""] * len(labels)
    assigned = splits.assign(labels, none, none, 0.1, 0.2, 0)
    assert tuple(of_split[1] for of_split in counts(assigned, labels).values()) == expected
    assert everything(assigned) == list(range(100 + small))


def test_a_group_is_in_one_split() -> None:
    groups = [f"patient {row // 4}" if row < 80 else "" for row in range(100)]
    assigned = splits.assign(LABELS, NONE, groups, 0.25, 0.2, 0)
    groups_of = [{groups[at] for at in positions} - {""} for positions in assigned.values()]
    assert sum(map(len, groups_of)) == len(set.union(*groups_of)) == 20
    assert everything(assigned) == list(range(100))
    assert all(abs(len(assigned[split]) - count) <= 8 for split, count in (("train", 60), ("validation", 20), ("test", 20)))


def test_a_group_in_two_existing_splits_is_refused() -> None:
    with pytest.raises(DarkroomError, match="group 'p' is in train and in test; all images of a group must be in one split"):
        splits.assign(np.array([0, 1]), ["train", "test"], ["p", "p"], 0.1, 0.2, 0)


@pytest.mark.parametrize(
    ("labels", "existing", "line"),
    [
        ([0, 1], ["", ""], r"preprocess.test: 0.2 of 2 images leaves none for test"),
        ([0, 1, 0, 1], ["test"] * 4, "preprocess.validation: 0.1 of 0 images leaves none for validation"),
        ([0, 1, 0, 1], ["test", "test", "validation", "validation"], "preprocess: no image is left to train on"),
    ],
)
def test_too_few_images_are_refused(labels: list[int], existing: list[str], line: str) -> None:
    with pytest.raises(DarkroomError, match=line):
        splits.assign(np.array(labels), existing, [""] * len(labels), 0.1, 0.2, 0)
