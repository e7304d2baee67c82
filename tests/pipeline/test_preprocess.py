"""Splits, shards, and the stage that fills them: small data, whole values."""

from pathlib import Path

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data import shards, splits
from tests.conftest import ROOT

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.repeat([0, 1, 2], [50, 30, 20]).astype(np.int64)
NONE = [""] * len(LABELS)


def counts(chosen: dict[str, np.ndarray], labels: np.ndarray = LABELS) -> dict[str, list[int]]:
    return {split: np.bincount(labels[at], minlength=labels.max() + 1).tolist() for split, at in chosen.items()}


def everything(chosen: dict[str, np.ndarray]) -> list[int]:
    return sorted(np.concatenate(list(chosen.values())).tolist())


def test_splits_are_disjoint_stratified_and_a_function_of_the_seed() -> None:
    chosen = splits.assign(LABELS, NONE, NONE, 0.25, 0.2, 0)
    assert counts(chosen) == {"train": [30, 18, 12], "validation": [10, 6, 4], "test": [10, 6, 4]}
    assert everything(chosen) == list(range(100))
    again, other = splits.assign(LABELS, NONE, NONE, 0.25, 0.2, 0), splits.assign(LABELS, NONE, NONE, 0.25, 0.2, 1)
    assert all(np.array_equal(chosen[split], again[split]) for split in chosen)
    assert not np.array_equal(chosen["train"], other["train"])


def test_given_splits_stay_whole() -> None:
    given = ["test"] * 7 + ["train"] * 73 + ["validation"] * 20
    chosen = splits.assign(LABELS, given, NONE, 0.1, 0.2, 0)
    assert sorted(chosen["test"]) == list(range(7))
    assert sorted(chosen["validation"]) == list(range(80, 100))
    assert chosen["test"].tolist() != list(range(7))  # shuffled
    without = splits.assign(LABELS, ["train" if split == "test" else split for split in given], NONE, 0.1, 0.2, 0)
    assert (len(without["test"]), sorted(without["validation"])) == (16, list(range(80, 100)))
    assert chosen["train"].tolist() != sorted(chosen["train"])  # what takes the first n sees all classes


def test_a_class_without_a_training_image_is_refused() -> None:
    given = ["test" if label == 2 else "train" for label in LABELS]
    chosen = splits.assign(LABELS, given, NONE, 0.1, 0.2, 0)
    with pytest.raises(DarkroomError, match="preprocess: no image to train on of c: all are in validation or test"):
        splits.taught(chosen["train"], LABELS, ["a", "b", "c"])


@pytest.mark.parametrize(
    ("small", "expected"),
    [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (4, (2, 1, 1)), (5, (3, 1, 1))],
)
def test_a_tiny_class_gives_one_image_if_it_keeps_one(small: int, expected: tuple[int, int, int]) -> None:
    labels = np.repeat([0, 1], [100, small]).astype(np.int64)
    none = [""] * len(labels)
    chosen = splits.assign(labels, none, none, 0.1, 0.2, 0)
    assert tuple(found[1] for found in counts(chosen, labels).values()) == expected
    assert everything(chosen) == list(range(100 + small))


def test_a_group_stands_on_one_side() -> None:
    groups = [f"patient {row // 4}" if row < 80 else "" for row in range(100)]
    chosen = splits.assign(LABELS, NONE, groups, 0.25, 0.2, 0)
    sides = [{groups[at] for at in found} - {""} for found in chosen.values()]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 20
    assert everything(chosen) == list(range(100))
    assert all(abs(len(chosen[split]) - wanted) <= 8 for split, wanted in (("train", 60), ("validation", 20), ("test", 20)))


def test_a_group_on_two_given_sides_is_refused() -> None:
    with pytest.raises(
        DarkroomError, match="group 'p' stands in train and in test: what is learnt from one would be asked in the other"
    ):
        splits.assign(np.array([0, 1]), ["train", "test"], ["p", "p"], 0.1, 0.2, 0)


@pytest.mark.parametrize(
    ("labels", "given", "line"),
    [
        ([0, 1], ["", ""], r"preprocess.test: 0.2 of 2 images leaves none for test"),
        ([0, 1, 0, 1], ["test"] * 4, "preprocess.validation: 0.1 of 0 images leaves none for validation"),
        ([0, 1, 0, 1], ["test", "test", "validation", "validation"], "preprocess: no image is left to train on"),
    ],
)
def test_too_few_images_are_refused(labels: list[int], given: list[str], line: str) -> None:
    with pytest.raises(DarkroomError, match=line):
        splits.assign(np.array(labels), given, [""] * len(labels), 0.1, 0.2, 0)


def test_shards_are_cut_and_read_across(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 3 * 4)
    images = np.arange(7 * 4, dtype=np.uint8).reshape(7, 2, 2, 1)
    shards.write(tmp_path, iter(images), np.arange(7))
    assert sorted(file.name for file in tmp_path.glob("images*")) == [f"images-0000{n}.npy" for n in range(3)]
    split = shards.Shards(tmp_path)
    assert np.array_equal(split.images(np.array([6, 0, 3, 2])), images[[6, 0, 3, 2]])
    assert np.array_equal(np.concatenate(list(split.batches(4))), images)


def test_a_lost_shard_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(DarkroomError, match="no prepared images; run `dvc repro preprocess`"):
        shards.Shards(tmp_path)
    shards.write(tmp_path, iter(IMAGES[..., np.newaxis]), np.arange(2))
    np.save(tmp_path / "labels.npy", np.arange(3))
    with pytest.raises(DarkroomError, match="2 images but 3 labels"):
        shards.Shards(tmp_path)


def test_a_transform_that_cannot_work_leaves_the_prepared_data(project: Path, run) -> None:
    text = (ROOT / "tests" / "smoke.yaml").read_text()
    Path("params.yaml").write_text(text.replace("transforms: []", "transforms: [CenterCrop: {height: 4, width: 4}]"))
    Path("data/prepared").mkdir()
    Path("data/prepared/kept").write_text("kept")
    assert run("pipeline.download").returncode == 0
    ended = run("pipeline.preprocess")
    assert (ended.returncode, ended.stderr) == (
        1,
        "params.yaml:8: preprocess.transforms[0]: CenterCrop gives uint8 (4, 4, 1), not uint8 (8, 8, 1)\n",
    )
    assert Path("data/prepared/kept").read_text() == "kept"
