"""Batches as a pure function: (seed, epoch, batch) says which images and how they are augmented, whoever asks and when.

So any number of workers gives the same bytes, and an epoch can be begun anywhere.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from threading import local

import numpy as np
from numpy.typing import NDArray

from pipeline.data.shards import Shards
from pipeline.params import Place
from pipeline.transforms import Pipeline, Plain, check

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]


class Batches:
    """The training batches of a split: `batches(epoch, batch)` is uint8 n x H x W x C with int64 n labels.

    `augment` is a chain of Albumentations, `where` the place in params.yaml that it stands at. Each epoch is a permutation
    of its own; its last batch may be smaller. Raises Refusal for a transform that cannot work on these images.
    """

    def __init__(self, split: Shards, size: int, seed: int, augment: list[Plain], where: Place) -> None:
        check(augment, split.images(np.arange(1)), [where.at(position) for position in range(len(augment))])
        self.split, self.size, self.seed, self.augment, self.where = split, size, seed, augment, str(where)
        self.per_epoch = -(-len(split) // size)
        self.order = lru_cache(maxsize=2)(self._order)
        self.threads = local()  # a chain of transforms holds its generator: one chain a thread

    def __call__(self, epoch: int, batch: int) -> Batch:
        """The batch of that number (from 0) in that epoch (from 0)."""
        positions = np.sort(self.order(epoch)[batch * self.size : (batch + 1) * self.size])
        seed = np.random.SeedSequence((self.seed, epoch, batch)).generate_state(1)[0]
        return self._pipeline()(self.split.images(positions), int(seed)), self.split.labels[positions]

    def _order(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.split))

    def _pipeline(self) -> Pipeline:
        if not hasattr(self.threads, "pipeline"):
            self.threads.pipeline = Pipeline(self.augment, self.where)
        pipeline: Pipeline = self.threads.pipeline
        return pipeline


def stream(batches: Batches, epochs: int, workers: int, ahead: int = 8) -> Iterator[Batch]:
    """All batches of all epochs in order, made by `workers` threads up to `ahead` batches before they are asked for.

    OpenCV and NumPy let go of the interpreter while they work, and so does TensorFlow: threads are enough.
    """
    wanted = ((epoch, batch) for epoch in range(epochs) for batch in range(batches.per_epoch))
    if workers == 0:
        yield from (batches(epoch, batch) for epoch, batch in wanted)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from _in_order((lambda place=place: pool.submit(batches, *place) for place in wanted), ahead)  # type: ignore[misc]


def _in_order(tasks: Iterator[Callable[[], "Future[Batch]"]], ahead: int) -> Iterator[Batch]:
    waiting: deque[Future[Batch]] = deque()
    try:
        for submit in tasks:
            waiting.append(submit())
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
