"""Prepared images on disk: uint8 N x H x W x C in shards that are memory-mapped, never loaded as a whole."""

from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import IO

import numpy as np

from darkroom.core import artifacts
from darkroom.core.arrays import BATCH, Labels, Pixels, Rows
from darkroom.core.errors import DarkroomError

SHARD_BYTES = 256 * 1024**2
LABELS = "labels.npy"


class Shards:
    """One prepared split: `len()`, `images(positions)` as uint8 n x H x W x C, `labels` as int64 N.

    Raises DarkroomError if there are no images, or not as many labels as images.
    """

    def __init__(self, folder: Path) -> None:
        files = sorted(folder.glob("images-*.npy"))
        if not files:
            raise DarkroomError(f"{folder}: no prepared images; run `dvc repro preprocess`")
        self.parts = [np.load(file, mmap_mode="r") for file in files]
        self.starts = np.cumsum([0, *(len(part) for part in self.parts)])
        self.labels: Labels = np.asarray(np.load(folder / LABELS, mmap_mode="r"))
        if len(self.labels) != len(self):
            raise DarkroomError(f"{folder}: {len(self)} images but {len(self.labels)} labels; run `dvc repro preprocess`")

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def shape(self) -> tuple[int, ...]:
        """Height, width and channels of every image."""
        return tuple(self.parts[0].shape[1:])

    def images(self, positions: Rows) -> Pixels:
        """A copy of the images at `positions`, in that order."""
        if len(self.parts) == 1 or len(positions) == 0:
            return np.asarray(self.parts[0][positions])
        shards = np.searchsorted(self.starts, positions, side="right") - 1
        located = zip(shards, positions, strict=True)
        return np.stack([self.parts[shard][position - self.starts[shard]] for shard, position in located])

    def batches(self, size: int = BATCH) -> Iterable[Pixels]:
        """Yields all images in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.images(np.arange(start, min(start + size, len(self))))


def write(folder: Path, images: Iterable[Pixels], labels: Labels) -> None:
    """Writes a split, an image for each label: shards of at most 256 MiB, image by image, then the labels."""
    remaining = iter(images)
    first = next(remaining, None)
    if first is not None:
        remaining = chain([first], remaining)
        size = max(1, SHARD_BYTES // first.nbytes)
        for number, start in enumerate(range(0, len(labels), size)):
            shape = (min(size, len(labels) - start), *first.shape)
            _write_shard(folder / f"images-{number:05d}.npy", shape, islice(remaining, shape[0]))
    artifacts.write_array(folder / LABELS, labels)


def _write_shard(path: Path, shape: tuple[int, ...], images: Iterable[Pixels]) -> None:
    def fill(stream: IO[bytes]) -> None:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
        for image in images:
            stream.write(np.ascontiguousarray(image).data)

    artifacts.replace(path, fill)
