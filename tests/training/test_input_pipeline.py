"""The input of `fit`: batches of training, and validation in the order of the split."""

import os
from pathlib import Path

import numpy as np
import pytest

from darkroom.data.shards import Shards
from darkroom.launch.distributed.shard import Shard
from darkroom.training import backend, input_pipeline
from tests.conftest import WORKSPACE
from tests.support.setups import LABELS, prepared, write_splits

pytestmark = pytest.mark.tensorflow


def test_slow_defaults_of_tensorflow_are_switched_off() -> None:
    images, targets, weights = np.zeros((4, 8, 8, 1), np.uint8), np.zeros((4, 3), np.float32), np.ones(4, np.float32)
    shapes = ((8, 8, 1), "uint8"), ((3,), "float32"), ((), "float32")
    batches = backend.dataset(lambda: iter([(images, targets, weights)]), shapes, [])
    assert batches.options().autotune.enabled is False
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"


def test_validation_is_the_split_in_order_for_any_number_of_passes(project: Path) -> None:
    write_splits()
    split = Shards(WORKSPACE.split("validation"))
    batches = input_pipeline.validation(split, prepared(batch_size=16).batches, [])
    for _ in range(2):
        images, targets = (np.concatenate(parts) for parts in zip(*batches.as_numpy_iterator(), strict=True))
        assert np.array_equal(images, split.images(np.arange(40)))
        assert np.array_equal(targets.argmax(axis=1), LABELS)


def test_each_process_validates_its_own_rows(project: Path) -> None:
    write_splits()
    split = Shards(WORKSPACE.split("validation"))
    parts = [input_pipeline.InOrder(split, 10, 16, Shard(process, 2, 2)) for process in (0, 1)]
    assert [len(part) for part in parts] == [3, 3]
    rows = [np.concatenate([part[batch][1].argmax(axis=1) for part in parts]) for batch in range(3)]
    assert np.array_equal(np.concatenate(rows), LABELS)


def test_a_resumed_epoch_begins_with_empty_batches(project: Path) -> None:
    write_splits()
    batches = prepared(batch_size=16).batches
    images = [batch[0] for batch in input_pipeline.training(batches, 2, 0, (1, 2), []).as_numpy_iterator()]
    assert [len(batch) for batch in images] == [1, 1, 8] and not images[0].any() and not images[1].any()
    assert np.array_equal(images[2], batches(1, 2)[0])
