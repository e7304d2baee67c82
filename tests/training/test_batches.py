"""A batch is a function of its number, whatever the workers, the processes and the order."""

import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from darkroom.config.calls import augmentation
from darkroom.config.named_call import NamedCall
from darkroom.config.places import assign
from darkroom.core.errors import DarkroomError
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.launch.distributed.shard import Shard
from darkroom.training import batches as module
from darkroom.training.batches import Batches, stream
from tests.conftest import PLACE

AUGMENT = [
    augmentation({"HorizontalFlip": {"p": 0.5}}),
    augmentation({"Affine": {"rotate": [-20, 20], "p": 0.8}}),
    augmentation({"CoarseDropout": {"p": 0.5}}),
]
BATCH_AUGMENT = [
    *AUGMENT,
    augmentation({"RandAugment": {"factor": 0.2}}),
    augmentation({"RandomErasing": {"factor": 0.5}}),
    augmentation({"MixUp": {"alpha": 0.4}}),
    augmentation("CutMix"),
]
EVEN = np.ones(5, np.float32)

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def split(tmp_path: Path) -> Shards:
    images = np.random.default_rng(0).integers(0, 256, (50, 12, 12, 1), np.uint8)
    shards.write(tmp_path, iter(images), np.arange(50) % 5)
    return Shards(tmp_path)


def digest(split: Shards, workers: int, seed: int = 0, augment: list[NamedCall] = AUGMENT) -> str:
    hashed = hashlib.sha256()
    for images, targets, weights in stream(Batches(split, 8, seed, augment, EVEN), 2, workers):
        hashed.update(images.tobytes() + targets.tobytes() + weights.tobytes())
    return hashed.hexdigest()


def test_any_number_of_workers_produces_the_same_bytes(split: Shards) -> None:
    assert len({digest(split, workers) for workers in (0, 1, 2, 8)}) == 1
    assert digest(split, 2, seed=1) != digest(split, 2, seed=0)


def test_so_does_mixing_whole_batches(split: Shards) -> None:
    alone, with_two, with_another_seed = (
        digest(split, workers, seed, BATCH_AUGMENT) for workers, seed in ((0, 0), (2, 0), (2, 1))
    )
    assert alone == with_two != with_another_seed


def test_every_epoch_shows_every_image_once_in_its_own_order(split: Shards) -> None:
    batches = Batches(split, 8, 0, [], EVEN)
    epochs = [np.concatenate([batches(epoch, batch)[0] for batch in range(batches.per_epoch)]) for epoch in (0, 1)]
    assert batches.per_epoch == 7
    assert not np.array_equal(epochs[0], epochs[1])
    ordered = [sorted(image.tobytes() for image in epoch) for epoch in epochs]
    assert ordered[0] == ordered[1] == sorted(image.tobytes() for image in split.images(np.arange(50)))


def test_alternating_flips_show_every_image_and_its_mirror_image_once_in_two_epochs(split: Shards) -> None:
    batches = Batches(split, 50, 0, [augmentation("AlternatingFlip")], EVEN)
    originals = split.images(np.arange(50))
    epochs = [batches(epoch, 0)[0] for epoch in range(4)]  # a batch of all images has them in the order of the split
    for first, second in pairwise(epochs):
        unflipped = np.all(first == originals, axis=(1, 2, 3))
        assert 10 < unflipped.sum() < 40
        assert np.array_equal(first[~unflipped], originals[~unflipped][:, :, ::-1])
        assert np.array_equal(second, first[:, :, ::-1])
    assert not np.array_equal(epochs[0], Batches(split, 50, 1, [augmentation("AlternatingFlip")], EVEN)(0, 0)[0])


def test_other_transforms_follow_the_alternating_flip(split: Shards) -> None:
    augment = [augmentation("AlternatingFlip"), augmentation({"InvertImg": {"p": 1.0}})]
    alternating, inverted = (Batches(split, 50, 0, calls, EVEN)(0, 0)[0] for calls in (augment[:1], augment))
    assert np.array_equal(inverted, 255 - alternating)
    assert len({digest(split, workers, augment=augment) for workers in (0, 1, 2, 8)}) == 1


def test_processes_divide_the_rows_and_make_no_extra_part(split: Shards, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 4)
    augment = [augmentation("AlternatingFlip"), *AUGMENT]
    alone, *both = (Batches(split, 16, 0, augment, EVEN, shard) for shard in (Shard(), Shard(0, 2, 2), Shard(1, 2, 2)))
    for batch, size in ((0, 16), (1, 16), (3, 2)):
        for whole, *parts in zip(alone(1, batch), *(half(1, batch) for half in both), strict=True):
            assert np.array_equal(whole[:size], np.concatenate(parts))
    sizes: list[int] = []
    usual = both[1].augmentation
    both[1].augmentation = lambda images, *rest: sizes.append(len(images)) or usual(images, *rest)  # type: ignore[assignment,func-returns-value]
    both[1](0, 0)
    assert sizes == [4, 4]


def test_a_batch_does_not_depend_on_earlier_ones(split: Shards) -> None:
    used, fresh = (Batches(split, 8, 0, AUGMENT, EVEN) for _ in range(2))
    list(stream(used, 1, 0))
    assert np.array_equal(used(1, 3)[0], fresh(1, 3)[0])


def test_a_transform_that_fails_is_refused_at_once(split: Shards) -> None:
    crop = augmentation({"CenterCrop": {"height": 6, "width": 6}})
    assign(crop, PLACE.at("augment", 0))
    line = r"^params.yaml:7: models.m.augment\[0\].CenterCrop: the result is uint8 \(6, 6, 1\), not uint8 \(12, 12, 1\)$"
    with pytest.raises(DarkroomError, match=line):
        Batches(split, 8, 0, [crop], EVEN)


def test_an_error_in_a_worker_is_raised(split: Shards, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = Batches(split, 8, 0, [], EVEN)
    monkeypatch.setattr(split, "labels", None)
    with pytest.raises(TypeError):
        list(stream(batches, 1, 2))


def test_an_image_has_the_weight_of_its_class(split: Shards) -> None:
    batches = Batches(split, 8, 0, [], np.array([1, 2, 3, 4, 5], np.float32))
    _, targets, counted = batches(0, 0)
    assert np.array_equal(counted, targets.argmax(axis=1) + 1)
