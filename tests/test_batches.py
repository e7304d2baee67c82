import hashlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import shards
from pipeline.data.shards import Shards
from pipeline.errors import Refusal
from pipeline.training.batches import Batches, stream
from pipeline.transforms import Plain
from tests.conftest import PLACE

AUGMENT: list[Plain] = [
    {"HorizontalFlip": {"p": 0.5}},
    {"Affine": {"rotate": [-20, 20], "p": 0.8}},
    {"CoarseDropout": {"p": 0.5}},
]


@pytest.fixture
def split(tmp_path: Path) -> Shards:
    images = np.random.default_rng(0).integers(0, 256, (50, 12, 12, 1), np.uint8)
    shards.write(tmp_path, iter(images), np.arange(50) % 5)
    return Shards(tmp_path)


def digest(split: Shards, workers: int, seed: int = 0) -> str:
    hashed = hashlib.sha256()
    for images, labels in stream(Batches(split, 8, seed, AUGMENT, PLACE), 2, workers):
        hashed.update(images.tobytes() + labels.tobytes())
    return hashed.hexdigest()


def test_any_number_of_workers_makes_the_same_bytes(split: Shards) -> None:
    assert len({digest(split, workers) for workers in (0, 1, 2, 8)}) == 1
    assert digest(split, 2, seed=1) != digest(split, 2, seed=0)


def test_every_epoch_shows_every_image_once_in_an_order_of_its_own(split: Shards) -> None:
    batches = Batches(split, 8, 0, [], PLACE)
    epochs = [np.concatenate([batches(epoch, batch)[0] for batch in range(batches.per_epoch)]) for epoch in (0, 1)]
    assert batches.per_epoch == 7
    assert not np.array_equal(epochs[0], epochs[1])
    ordered = [sorted(image.tobytes() for image in epoch) for epoch in epochs]
    assert ordered[0] == ordered[1] == sorted(image.tobytes() for image in split.images(np.arange(50)))


def test_a_batch_does_not_depend_on_those_before_it(split: Shards) -> None:
    used, fresh = Batches(split, 8, 0, AUGMENT, PLACE), Batches(split, 8, 0, AUGMENT, PLACE)
    list(stream(used, 1, 0))
    assert np.array_equal(used(1, 3)[0], fresh(1, 3)[0])


def test_a_transform_that_cannot_work_is_refused_at_once(split: Shards) -> None:
    with pytest.raises(
        Refusal, match=r"^params.yaml:7: models.m\[0\]: CenterCrop gives uint8 \(6, 6, 1\), not uint8 \(12, 12, 1\)"
    ):
        Batches(split, 8, 0, [{"CenterCrop": {"height": 6, "width": 6}}], PLACE)


def test_an_error_in_a_worker_arrives(split: Shards, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = Batches(split, 8, 0, [], PLACE)
    monkeypatch.setattr(split, "labels", None)
    with pytest.raises(TypeError):
        list(stream(batches, 1, 2))
