"""Training batches as a pure function: (seed, epoch, batch) determines the images and how they are augmented.

Any number of workers therefore produces the same bytes, and training can start at any batch. A batch is augmented in parts of
128 images, each with its own seed, so that each of several processes makes only the parts that contain its rows.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from darkroom.config.named_call import NamedCall
from darkroom.config.vocabulary import ALTERNATING_FLIP
from darkroom.core import ordered
from darkroom.core.arrays import Labels, Pixels, Rows, Shapes, Targets
from darkroom.data.shards import Shards
from darkroom.launch.distributed.shard import Shard
from darkroom.training.augmentation import checked_augmentation

Batch = tuple[Pixels, Targets, NDArray[np.float32]]

PART = 128
WHOLE = Shard()


class Batches:
    """The training batches of a split: `batches(epoch, batch)` is images, targets and weights.

    Images are uint8 n x H x W x C, targets float32 n x K (one-hot, or a mixture), weights float32 n: the weight of each image
    in the loss, by its class. `augment` is the chain of params.yaml. Each epoch is a new permutation; its last batch may be
    smaller. Only the rows of `shard` are returned. Raises DarkroomError for a transform that fails on these images.
    """

    def __init__(
        self,
        split: Shards,
        size: int,
        seed: int,
        augment: Sequence[NamedCall],
        class_weights: NDArray[np.float32],
        shard: Shard = WHOLE,
    ) -> None:
        self.split, self.size, self.seed, self.class_weights, self.shard = split, size, seed, class_weights, shard
        self.augmentation = checked_augmentation(augment, split.images(np.arange(1)))
        self.flip_phase = flip_phases(len(split), seed) if any(call.name == ALTERNATING_FLIP for call in augment) else None
        self.per_epoch = shard.batches(len(split), size)
        self.order = lru_cache(maxsize=2)(self._order)

    @property
    def shapes(self) -> Shapes:
        """Shape, without the batch dimension, and dtype of images, targets and weights."""
        return (self.split.shape, "uint8"), (self.class_weights.shape, "float32"), ((), "float32")

    def __call__(self, epoch: int, batch: int) -> Batch:
        """This process's rows of batch `batch` of epoch `epoch`, both counted from 0."""
        positions = np.sort(self.order(epoch)[batch * self.size : (batch + 1) * self.size])
        rows = self.shard.rows(len(positions))
        first = rows.start // PART
        parts = [self._part(positions, epoch, batch, part) for part in range(first, -(-rows.stop // PART))]
        begin = rows.start - first * PART
        end = begin + rows.stop - rows.start
        images, targets = (np.concatenate(arrays)[begin:end] for arrays in zip(*parts, strict=True))
        return images, targets, targets @ self.class_weights

    def _part(self, batch_positions: Rows, epoch: int, batch: int, part: int) -> tuple[Pixels, Targets]:
        positions = batch_positions[part * PART : (part + 1) * PART]
        seed = np.random.SeedSequence((self.seed, epoch, batch, part)).generate_state(1)[0]
        targets = one_hot(self.split.labels[positions], len(self.class_weights))
        images = self.split.images(positions)
        if self.flip_phase is not None:
            images = mirrored(images, (self.flip_phase[positions] + epoch) % 2 == 1)
        return self.augmentation(images, targets, int(seed))

    def _order(self, epoch: int) -> Rows:
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.split))


def flip_phases(count: int, seed: int) -> NDArray[np.uint8]:
    """A random 0 or 1 per image: AlternatingFlip mirrors it in epochs 1, 3 ... (0) or in epochs 0, 2 ... (1).

    Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU" (2024): two successive epochs show an image once
    as it is and once mirrored. With random flips, half of the images would appear the same way in both.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(0,))  # independent of permutations and augmentation
    return np.random.default_rng(sequence).integers(0, 2, count, np.uint8)


def mirrored(images: Pixels, which: NDArray[np.bool_]) -> Pixels:
    """Uint8 N x H x W x C, with the images that `which` (bool N) selects mirrored left to right."""
    return np.where(which[:, None, None, None], images[:, :, ::-1], images)


def one_hot(labels: Labels, classes: int) -> Targets:
    """One-hot targets: float32 N x K."""
    targets = np.zeros((len(labels), classes), np.float32)
    targets[np.arange(len(labels)), labels] = 1
    return targets


def stream(batches: Batches, epochs: int, workers: int, begin: tuple[int, int] = (0, 0)) -> Iterator[Batch]:
    """All batches in order, from batch `begin[1]` of epoch `begin[0]` on.

    `workers` threads make them in advance; with 0, each is made on demand. OpenCV, NumPy and TensorFlow release the GIL while
    they work, so threads are enough.
    """
    numbers = ((epoch, batch) for epoch in range(begin[0], epochs) for batch in range(batches.per_epoch))
    remaining = (number for number in numbers if number >= begin)
    if workers == 0:
        yield from (batches(*number) for number in remaining)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from ordered.map_in_order(pool, workers, lambda number: batches(*number), remaining)
