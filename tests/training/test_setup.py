"""What cannot be trained is refused before the first step."""

from pathlib import Path

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data import shards
from darkroom.launch.distributed.shard import Shard
from darkroom.training import setup
from tests.conftest import WORKSPACE, model_of
from tests.support.setups import LAYERS, POLICY, prepared, write_classes, write_splits

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def splits(project: Path) -> None:
    write_splits()


def test_a_class_without_images_is_named() -> None:
    write_classes([*"0123456789", "unicorn", "griffin"])
    with pytest.raises(
        DarkroomError, match=r"^data/prepared/train: no image of the class unicorn, griffin: it cannot be learnt"
    ):
        prepared()


def test_balanced_classes_reach_the_batches() -> None:
    labels = np.repeat(np.arange(10), [13, *[3] * 9])
    shards.write(WORKSPACE.split("train"), iter(np.zeros((40, 8, 8, 1), np.uint8)), labels)
    weights = prepared(class_weight="balanced").batches.class_weights
    assert weights.dtype == np.float32 and np.array_equal(weights, np.float32([40 / 130, *[40 / 30] * 9]))
    assert np.allclose([weights[labels[labels == label]].sum() for label in range(10)], 4)
    assert np.array_equal(prepared().batches.class_weights, np.ones(10, np.float32))


def test_more_classes_than_images_are_refused() -> None:
    write_classes([str(number) for number in range(41)])
    with pytest.raises(DarkroomError, match=r"^data/prepared/train: 41 classes, but 40 images"):
        prepared()


def test_a_batch_that_cannot_be_divided_among_the_devices_is_refused() -> None:
    setup.check_size(model_of({"batch_size": 32}, layers=LAYERS).fit, Shard(0, 1, 8))
    with pytest.raises(
        DarkroomError,
        match=r"^params\.yaml:7: models\.m\.fit\.batch_size: 30: cannot be divided evenly among 8 devices; try 32$",
    ):
        setup.check_size(model_of({"batch_size": 30}, layers=LAYERS).fit, Shard(0, 1, 8))
    chosen = model_of({"batch_size": 64}, layers=LAYERS)
    with pytest.raises(DarkroomError, match=r"^data/prepared/train: 40 images for 64 devices: each needs at least one$"):
        setup.prepare(chosen, POLICY, 0, WORKSPACE, Shard(0, 1, 64))
