"""Readers, splits, shards: small files, whole values."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.data import readers, shards, splits
from pipeline.data.readers import arrays, idx
from pipeline.errors import Refusal
from tests.conftest import ROOT

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def as_idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write_idx(folder: Path, labels: list[int]) -> None:
    for stem in ("train", "t10k"):
        (folder / f"{stem}-images-idx3-ubyte").write_bytes(as_idx(IMAGES))
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(as_idx(np.array(labels, np.uint8)))


def test_idx_comes_back(tmp_path: Path) -> None:
    write_idx(tmp_path, [1, 0])
    given = readers.read("idx", tmp_path, 2)
    assert np.array_equal(given["train"].images, IMAGES)
    assert given["test"].labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda content: content[:-1], "cut short or too long: 39 bytes, the header promises 40"),
        (lambda content: content + b"x", "cut short or too long: 41 bytes, the header promises 40"),
        (lambda content: b"PNG" + content, "not an IDX file of bytes with 3 dimensions"),
        (lambda content: b"", "not an IDX file of bytes with 3 dimensions"),
    ],
)
def test_a_damaged_idx_is_refused(tmp_path: Path, damage, line: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(damage(as_idx(IMAGES)))
    with pytest.raises(Refusal, match=f"{path}: {line}"):
        idx.read_array(path, 3)


@pytest.mark.parametrize(
    ("labels", "line"), [([1, 2], "labels 1..2, but the recipe names 2 classes"), ([1], "2 images but 1 labels")]
)
def test_labels_must_fit(tmp_path: Path, labels: list[int], line: str) -> None:
    write_idx(tmp_path, labels)
    with pytest.raises(Refusal, match=line):
        readers.read("idx", tmp_path, 2)


def test_npz_in_the_layout_of_keras(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", x_train=IMAGES, y_train=[0, 1], x_test=IMAGES[:1], y_test=[[1]])
    given = arrays.read_npz(tmp_path)
    assert given["train"].labels.tolist() == [0, 1]
    assert np.array_equal(given["test"].images, IMAGES[:1])
    assert given["test"].labels.tolist() == [1]


@pytest.mark.parametrize("content", [b"", b"not a zip"])
def test_a_damaged_npz_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(Refusal, match=r"m.npz: not an .npz with x_train"):
        arrays.read_npz(tmp_path)


def test_float_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="images must be uint8 with 3 or 4 dimensions, not float64"):
        arrays.labelled(tmp_path / "m.npz", IMAGES / 255, np.array([0, 1]))


LABELS = np.repeat([0, 1, 2], [50, 30, 20]).astype(np.int64)


def test_splits_are_disjoint_stratified_and_a_function_of_the_seed() -> None:
    chosen = splits.assign({"train": LABELS}, 0.25, 0.2, 0)
    counts = {split: np.bincount(LABELS[at]).tolist() for split, (_, at) in chosen.items()}
    assert counts == {"train": [30, 18, 12], "validation": [10, 6, 4], "test": [10, 6, 4]}
    assert sorted(np.concatenate([at for _, at in chosen.values()]).tolist()) == list(range(100))
    again, other = splits.assign({"train": LABELS}, 0.25, 0.2, 0), splits.assign({"train": LABELS}, 0.25, 0.2, 1)
    assert all(np.array_equal(chosen[split][1], again[split][1]) for split in chosen)
    assert not np.array_equal(chosen["train"][1], other["train"][1])


def test_a_given_test_split_stays_whole() -> None:
    chosen = splits.assign({"train": LABELS, "test": LABELS[:7]}, 0.1, 0.2, 0)
    assert chosen["test"][0] == "test"
    assert sorted(chosen["test"][1]) == list(range(7))


def test_a_class_of_one_image_cannot_be_split() -> None:
    with pytest.raises(Refusal, match=r"preprocess: cannot set 0.2 of 3 images aside class by class"):
        splits.assign({"train": np.array([0, 0, 1])}, 0.1, 0.2, 0)


def test_shards_are_cut_and_read_across(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 3 * 4)
    images = np.arange(7 * 4, dtype=np.uint8).reshape(7, 2, 2, 1)
    shards.write(tmp_path, iter(images), np.arange(7))
    assert sorted(file.name for file in tmp_path.glob("images*")) == [f"images-0000{n}.npy" for n in range(3)]
    split = shards.Shards(tmp_path)
    assert np.array_equal(split.images(np.array([6, 0, 3, 2])), images[[6, 0, 3, 2]])
    assert np.array_equal(np.concatenate(list(split.batches(4))), images)


def test_a_lost_shard_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="no prepared images; run `dvc repro preprocess`"):
        shards.Shards(tmp_path)
    shards.write(tmp_path, iter(IMAGES[..., np.newaxis]), np.arange(3))
    with pytest.raises(Refusal, match="2 images but 3 labels"):
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
        "params.yaml:5: preprocess.transforms[0]: CenterCrop gives uint8 (4, 4, 1), not uint8 (8, 8, 1)\n",
    )
    assert Path("data/prepared/kept").read_text() == "kept"
