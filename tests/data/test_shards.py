"""Shards: written in parts of limited size, read across them, and refused if incomplete."""

from pathlib import Path

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data import shards

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def test_shards_are_cut_and_read_across(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "SHARD_BYTES", 3 * 4)
    images = np.arange(7 * 4, dtype=np.uint8).reshape(7, 2, 2, 1)
    shards.write(tmp_path, iter(images), np.arange(7))
    assert sorted(file.name for file in tmp_path.glob("images*")) == [f"images-0000{n}.npy" for n in range(3)]
    split = shards.Shards(tmp_path)
    assert np.array_equal(split.images(np.array([6, 0, 3, 2])), images[[6, 0, 3, 2]])
    assert np.array_equal(np.concatenate(list(split.batches(4))), images)


def test_missing_or_inconsistent_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DarkroomError, match="no prepared images; run `dvc repro preprocess`"):
        shards.Shards(tmp_path)
    shards.write(tmp_path, iter(IMAGES[..., np.newaxis]), np.arange(2))
    np.save(tmp_path / "labels.npy", np.arange(3))
    with pytest.raises(DarkroomError, match="2 images but 3 labels"):
        shards.Shards(tmp_path)
