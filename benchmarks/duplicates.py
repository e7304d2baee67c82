"""Time and memory of the search for duplicates, and whether it finds all planted ones.

    python -m benchmarks.duplicates [--images 1000000] [--similarity 0.99]

Searches the prepared images of all three splits, including hashes and thumbnails; then the memory-mapped thumbnails of smooth
random images, among which are a thousand exact, a thousand noisy and a thousand mirrored copies. Memory is
anonymous resident memory (RssAnon). Writes benchmarks/duplicates.json. Linux only; needs data/prepared (`dvc repro preprocess`)
and 1 kB of disk space per image in the temporary folder.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from benchmarks import machine
from benchmarks.rss import PeakMemory
from darkroom.core import artifacts, digests
from darkroom.core.arrays import Pixels
from darkroom.core.workspace import Workspace
from darkroom.data import duplicates
from darkroom.data.index import SPLITS
from darkroom.data.shards import Shards
from darkroom.data.similarity import SIDE, mirror, thumbnail, thumbnail_shape

PLANTED, BLOCK, FREQUENCIES = 1000, 10_000, 8
MEGA = 10**6


def main() -> None:
    """Searches both sets of images and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--similarity", type=float, default=0.99)
    options = parser.parse_args()
    workspace = Workspace.at()
    rows = [prepared(workspace, options.similarity), planted(options.images, options.similarity)]
    counts = ["exact", "near", "mirrored", "test images with a duplicate in train or validation"]
    costs = ["hashes and thumbnails, s", "search, s", "RssAnon before the search, MB", "RssAnon at most, MB"]
    content = {
        "title": f"Duplicates by a correlation of {options.similarity:g}",
        "columns": ["images", "thumbnail", *counts, *costs],
        "rows": rows,
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.duplicates", *sys.argv[1:]]),
    }
    artifacts.write_json(workspace.benchmark("duplicates"), content)
    print(*rows, sep="\n")


def prepared(workspace: Workspace, similarity: float) -> list[str]:
    """The row of the table for data/prepared."""
    splits = {split: Shards(workspace.split(split)) for split in SPLITS}
    split_of = np.repeat(SPLITS, [len(shards) for shards in splits.values()])
    start = time.perf_counter()
    images = [image for shards in splits.values() for batch in shards.batches() for image in batch]
    hashes = [digests.sha256(image.tobytes()) for image in images]
    thumbnails = np.stack([thumbnail(image) for image in images])
    seconds = time.perf_counter() - start
    height, width, _ = images[0].shape
    pairs, measured = search(thumbnails, thumbnail_shape(height, width), hashes, similarity)
    leaked = duplicates.leaked(pairs, split_of, "test", ("train", "validation"))
    return [f"{len(images)}, prepared", *numbers(thumbnails, pairs), str(leaked.sum()), f"{seconds:.1f}", *measured]


def planted(count: int, similarity: float) -> list[str]:
    """The row of the table for random images. Exits if a planted pair is missed."""
    with tempfile.TemporaryDirectory() as folder:
        thumbnails = random_thumbnails(Path(folder) / "thumbnails.npy", count)
        hashes = [str(number) for number in range(count)]
        hashes[-PLANTED:] = hashes[2 * PLANTED : 3 * PLANTED]
        pairs, measured = search(thumbnails, (SIDE, SIDE), hashes, similarity)
        rows = np.arange(3 * PLANTED)
        kinds = np.repeat(["near", "mirrored", "exact"], PLANTED)
        expected = pd.DataFrame({"first": rows, "second": rows + count - len(rows), "kind": kinds})
        missed = len(expected) - len(expected.merge(pairs.astype({"kind": str})))
        if missed:
            sys.exit(f"{missed} of the planted pairs were not found")
        return [f"{count}, random", *numbers(thumbnails, pairs), "", "", *measured]


def random_thumbnails(file: Path, count: int) -> Pixels:
    """Random thumbnails, uint8 N x 1024. The last 3000 derive from the first: 1000 noisy, 1000 mirrored, 1000 copied.

    Each is a sum of the 63 lowest cosine waves, whose power falls with frequency as in photographs.
    """
    generator = np.random.default_rng(0)
    waves = np.zeros((FREQUENCIES**2, SIDE, SIDE), np.float32)
    for number, wave in enumerate(waves):
        down, across = divmod(number, FREQUENCIES)
        wave[down, across] = 1 / np.sqrt(down + across) if number else 0
        wave[:] = cv2.idct(wave)
    waves *= 50 / np.sqrt(np.square(waves).sum(axis=0).mean())  # grey levels
    mapped = np.lib.format.open_memmap(file, "w+", np.uint8, (count, SIDE**2))
    for start in range(0, count, BLOCK):
        parts = generator.normal(size=(min(BLOCK, count - start), len(waves))).astype(np.float32)
        mapped[start : start + BLOCK] = np.clip(128 + parts @ waves.reshape(len(waves), -1), 0, 255)
    noisy, turned, copied = np.split(mapped[: 3 * PLANTED], 3)
    noise = generator.normal(0, 3, noisy.shape)
    mirrored = mirror(turned, (SIDE, SIDE))
    mapped[-3 * PLANTED :] = np.concatenate([np.clip(noisy + noise, 0, 255).astype(np.uint8), mirrored, copied])
    mapped.flush()
    return np.load(file, mmap_mode="r")


def search(thumbnails: Pixels, shape: tuple[int, int], hashes: list[str], similarity: float) -> tuple[pd.DataFrame, list[str]]:
    """The pairs; the seconds, and the memory in MB before the search and at its peak, as text."""
    with PeakMemory() as memory:
        start = time.perf_counter()
        pairs = duplicates.find(thumbnails, shape, hashes, similarity)
        seconds = time.perf_counter() - start
    return pairs, [f"{seconds:.1f}", f"{memory.before / MEGA:.0f}", f"{memory.peak / MEGA:.0f}"]


def numbers(thumbnails: Pixels, pairs: pd.DataFrame) -> list[str]:
    """The length of a thumbnail, and how many pairs there are of each kind."""
    return [str(thumbnails.shape[1]), *(str((pairs["kind"] == kind).sum()) for kind in duplicates.KINDS)]


if __name__ == "__main__":
    main()
