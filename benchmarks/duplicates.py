"""How long the search for duplicates takes, how much memory, and whether it finds what was planted.

    python -m benchmarks.duplicates [--images 1000000] [--similarity 0.99]

Searches the prepared images of all three splits, hashes and thumbnails included, then the thumbnails of that many smooth
random pictures, mapped from a file, among which are a thousand copies, a thousand noisy ones and a thousand mirrored ones.
Memory is anonymous (RssAnon): mapped pages are the system's to take back. Writes benchmarks/duplicates.json. Linux only;
needs data/prepared (`dvc repro preprocess`) and 1 kB an image on the disk of the temporary folder.
"""

import argparse
import hashlib
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.memory import anonymous
from darkroom.core import artifacts, paths
from darkroom.data import duplicates, similarity
from darkroom.data.shards import Shards

SPLITS = ("train", "validation", "test")
PLANTED, BLOCK, FREQUENCIES = 1000, 10_000, 8
MEGA = 10**6


class Memory(threading.Thread):
    """Anonymous memory of this process, looked at ten times a second in a `with` block: `before` and `most` in bytes."""

    def __enter__(self) -> "Memory":
        self.before = self.most = anonymous()
        self.ended = threading.Event()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()

    def run(self) -> None:
        """Looks until the block ends."""
        while not self.ended.wait(0.1):
            self.most = max(self.most, anonymous())


def main() -> None:
    """Searches twice and writes what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--similarity", type=float, default=0.99)
    chosen = parser.parse_args()
    rows = [prepared(chosen.similarity), planted(chosen.images, chosen.similarity)]
    counts = ["exact", "near", "mirrored", "test images with a duplicate in train or validation"]
    costs = ["hashes and thumbnails, s", "search, s", "RssAnon before the search, MB", "RssAnon at most, MB"]
    content = {
        "title": f"Duplicates by a correlation of {chosen.similarity:g}",
        "columns": ["images", "thumbnail", *counts, *costs],
        "rows": rows,
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.duplicates", *sys.argv[1:]]),
    }
    artifacts.write_json(Path("benchmarks/duplicates.json"), content)
    print(*rows, sep="\n")


def prepared(similarity: float) -> list[str]:
    """The row of the table for data/prepared."""
    splits = {split: Shards(paths.prepared(split)) for split in SPLITS}
    split_of = np.repeat(SPLITS, [len(shards) for shards in splits.values()])
    begun = time.perf_counter()
    images = [image for shards in splits.values() for batch in shards.batches() for image in batch]
    hashes = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    thumbnails = np.stack([similarity.thumbnail(image) for image in images])
    read = time.perf_counter() - begun
    height, width, _ = images[0].shape
    pairs, measured = search(thumbnails, similarity.thumbnail_shape(height, width), hashes, similarity)
    leaked = duplicates.leaked(pairs, split_of, "test", ("train", "validation"))
    return [f"{len(images)}, prepared", *numbers(thumbnails, pairs), str(leaked.sum()), f"{read:.1f}", *measured]


def planted(count: int, similarity: float) -> list[str]:
    """The row of the table for random pictures. Stops where a pair that was planted is missed."""
    with tempfile.TemporaryDirectory() as folder:
        thumbnails = pictures(Path(folder) / "thumbnails.npy", count)
        hashes = [str(number) for number in range(count)]
        hashes[-PLANTED:] = hashes[2 * PLANTED : 3 * PLANTED]
        pairs, measured = search(thumbnails, (similarity.SIDE, similarity.SIDE), hashes, similarity)
        places = np.arange(3 * PLANTED)
        kinds = np.repeat(["near", "mirrored", "exact"], PLANTED)
        wanted = pd.DataFrame({"first": places, "second": places + count - len(places), "kind": kinds})
        missed = len(wanted) - len(wanted.merge(pairs.astype({"kind": str})))
        if missed:
            sys.exit(f"{missed} of the planted pairs were not found")
        return [f"{count}, random", *numbers(thumbnails, pairs), "", "", *measured]


def pictures(file: Path, count: int) -> NDArray[np.uint8]:
    """Random pictures, the last of them made from the first: a thousand noisy, a thousand mirrored, a thousand copied.

    Each is a sum of the 63 lowest cosine waves; their power falls with their frequency, as it does in photographs.
    """
    generator = np.random.default_rng(0)
    waves = np.zeros((FREQUENCIES**2, similarity.SIDE, similarity.SIDE), np.float32)
    for number, wave in enumerate(waves):
        down, across = divmod(number, FREQUENCIES)
        wave[down, across] = 1 / np.sqrt(down + across) if number else 0
        wave[:] = cv2.idct(wave)
    waves *= 50 / np.sqrt(np.square(waves).sum(axis=0).mean())  # grey levels
    mapped = np.lib.format.open_memmap(file, "w+", np.uint8, (count, similarity.SIDE**2))
    for start in range(0, count, BLOCK):
        parts = generator.normal(size=(min(BLOCK, count - start), len(waves))).astype(np.float32)
        mapped[start : start + BLOCK] = np.clip(128 + parts @ waves.reshape(len(waves), -1), 0, 255)
    noisy, turned, copied = np.split(mapped[: 3 * PLANTED], 3)
    noise = generator.normal(0, 3, noisy.shape)
    mirrored = similarity.mirror(turned, (similarity.SIDE, similarity.SIDE))
    mapped[-3 * PLANTED :] = np.concatenate([np.clip(noisy + noise, 0, 255).astype(np.uint8), mirrored, copied])
    mapped.flush()
    return np.load(file, mmap_mode="r")


def search(
    thumbnails: NDArray[np.uint8], shape: tuple[int, int], hashes: list[str], similarity: float
) -> tuple[pd.DataFrame, list[str]]:
    """The pairs; seconds, and anonymous memory in MB before the search and at most."""
    with Memory() as memory:
        begun = time.perf_counter()
        pairs = duplicates.find(thumbnails, shape, hashes, similarity)
        took = time.perf_counter() - begun
    return pairs, [f"{took:.1f}", f"{memory.before / MEGA:.0f}", f"{memory.most / MEGA:.0f}"]


def numbers(thumbnails: NDArray[np.uint8], pairs: pd.DataFrame) -> list[str]:
    """The length of a thumbnail, and how many pairs there are of each kind."""
    return [str(thumbnails.shape[1]), *(str((pairs["kind"] == kind).sum()) for kind in duplicates.KINDS)]


if __name__ == "__main__":
    main()
