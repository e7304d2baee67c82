"""Which rows of a batch a process feeds."""

import pytest

from darkroom.launch.distributed.shard import Shard


@pytest.mark.parametrize(
    ("shard", "images", "rows"),
    [
        (Shard(), 7, slice(0, 7)),
        (Shard(0, 1, 4), 7, slice(0, 4)),
        (Shard(0, 2, 4), 10, slice(0, 4)),
        (Shard(1, 2, 4), 10, slice(4, 8)),
        (Shard(1, 2, 2), 1, slice(0, 0)),
    ],
)
def test_a_batch_is_divided_evenly(shard: Shard, images: int, rows: slice) -> None:
    assert shard.rows(images) == rows


def test_a_last_batch_with_fewer_images_than_devices_is_dropped() -> None:
    assert [Shard(0, 1, devices).batches(100, 32) for devices in (1, 4, 8)] == [4, 4, 3]


def test_several_devices_are_named() -> None:
    assert [str(Shard()), str(Shard(0, 1, 2)), str(Shard(1, 2, 4))] == [
        "",
        ", 2 devices in 1 process",
        ", 4 devices in 2 processes",
    ]
