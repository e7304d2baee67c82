"""The input pipeline: batches in the form that Keras's `fit` takes."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from darkroom.core.arrays import Pixels, Targets
from darkroom.data.shards import Shards
from darkroom.launch.distributed.shard import Shard
from darkroom.training import backend
from darkroom.training.batches import Batch, Batches, one_hot, stream


class InOrder(keras.utils.PyDataset):
    """A split in order, in batches of `size`, of which only the rows of `shard` are returned."""

    def __init__(self, split: Shards, classes: int, size: int, shard: Shard) -> None:
        super().__init__()
        self.split, self.classes, self.size, self.shard = split, classes, size, shard

    def __len__(self) -> int:
        return self.shard.batches(len(self.split), self.size)

    def __getitem__(self, index: int) -> tuple[Pixels, Targets]:
        positions = np.arange(index * self.size, min((index + 1) * self.size, len(self.split)))
        positions = positions[self.shard.rows(len(positions))]
        return self.split.images(positions), one_hot(self.split.labels[positions], self.classes)


def training(batches: Batches, epochs: int, workers: int, begin: tuple[int, int], errors: list[Exception]) -> Any:
    """All batches of a training from `begin` (epoch, batch) on; empty ones stand for the batches of that epoch already done.

    For `errors`, see `backend.dataset`.
    """

    def batches_from_begin() -> Iterator[Batch]:
        rows = batches.shard.devices // batches.shard.processes  # the fewest that can be divided evenly among the devices
        empty = tuple(np.zeros((rows, *shape), dtype) for shape, dtype in batches.shapes)
        yield from (empty for _ in range(begin[1]))  # type: ignore[misc]
        yield from stream(batches, epochs, workers, begin)

    return backend.dataset(batches_from_begin, batches.shapes, errors)


def validation(split: Shards, batches: Batches, errors: list[Exception]) -> Any:
    """A split in order, in batches of the same size as in training, for any number of passes."""
    in_order = InOrder(split, len(batches.class_weights), batches.size, batches.shard)
    return backend.finite_dataset(in_order, batches.shapes[:2], errors)
