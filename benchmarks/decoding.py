"""How fast folders of photographs become arrays, beside a bare loop of OpenCV; and how much memory that takes.

    python -m benchmarks.decoding [--images 20000] [--rounds 2]

Writes that many JPEGs of 640 x 480 to a folder of its own. In turn: a bare loop of cv2.imread and cv2.resize to 64 x 64 in two
processes; the same with the SHA-256 of each file, which preprocess compares with the manifest; what preprocess does up to
the arrays on disk, in two processes. Then preprocess once more on four times as many files (links to the same), for its
memory: the most of anonymous resident memory (RssAnon) over all processes together. Writes benchmarks/decoding.json. On Linux.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import psutil

from benchmarks import machine, ratios
from darkroom.core import artifacts
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import decode_tasks, executors
from darkroom.data.decode_tasks import Preparation
from darkroom.data.sources import readers
from darkroom.data.staging import Store

SIDE, PROCESSES, SCENES = 64, 2, 200
POLICY = ImagePolicy(SIDE, SIDE, 3, "stretch", "area", (0, 0, 0), 100_000_000)
MEBI = 2**20


def main() -> None:
    """Writes the files, measures, writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        once, more = Path(folder) / "once", Path(folder) / "more"
        write(once, chosen.images)
        ways: dict[str, Callable[[], tuple[float, int]]] = {
            "bare loop: cv2.imread, cv2.resize": lambda: (bare(once, hashed=False), 0),
            "the same, and SHA-256 of each file": lambda: (bare(once, hashed=True), 0),
            "preprocess, to arrays on disk": lambda: ours(once, Path(folder)),
        }
        rounds = [{way: measure() for way, measure in ways.items()} for _ in range(chosen.rounds)]
        link(once, more, 4)
        _, fourfold = ours(more, Path(folder))
    found = {way: [chosen.images / part[way][0] for part in rounds] for way in ways}
    write_table(found, max(most for part in rounds for _, most in part.values()), fourfold, chosen.images)


def write(folder: Path, count: int) -> None:
    """JPEGs of smooth scenes with grain, in two class folders; each file has bytes of its own behind the picture."""
    generator = np.random.default_rng(0)
    contents = []
    for _ in range(SCENES):
        scene = cv2.resize(generator.integers(0, 256, (12, 16, 3), np.uint8), (640, 480), interpolation=cv2.INTER_CUBIC)
        grainy = np.clip(scene + generator.normal(0, 6, scene.shape), 0, 255).astype(np.uint8)
        contents.append(cv2.imencode(".jpg", grainy, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
    for number in range(count):
        (folder / "ab"[number % 2] / f"{number:06d}.jpg").write_bytes(contents[number % SCENES] + number.to_bytes(8, "big"))


def link(folder: Path, target: Path, times: int) -> None:
    """The same files under so many times as many names."""
    for path in folder.rglob("*.jpg"):
        (target / path.parent.name).mkdir(parents=True, exist_ok=True)
        for copy in range(times):
            (target / path.parent.name / f"{path.stem}-{copy}.jpg").hardlink_to(path)


def bare(folder: Path, hashed: bool) -> float:
    """Seconds of the loop in two processes, their start included."""
    files = sorted(map(str, folder.rglob("*.jpg")))
    begun = time.perf_counter()
    with get_context("spawn").Pool(PROCESSES) as pool:
        pool.starmap(loop, [(files[part::PROCESSES], hashed) for part in range(PROCESSES)])
    return time.perf_counter() - begun


def loop(files: list[str], hashed: bool) -> int:
    """What the bare loop does with its share of the files."""
    cv2.setNumThreads(1)
    total = 0
    for file in files:
        if hashed:
            hashlib.sha256(Path(file).read_bytes()).hexdigest()
        total += int(cv2.resize(cv2.imread(file), (SIDE, SIDE), interpolation=cv2.INTER_AREA)[0, 0, 0])
    return total


def ours(folder: Path, place: Path) -> tuple[float, int]:
    """Seconds of what preprocess does, the start of its processes included, and the most bytes of anonymous memory."""
    collection = readers.read(folder)
    known = {source: hashlib.sha256((folder / source).read_bytes()).hexdigest() for source in collection.items["source"]}
    tasks = decode_tasks.tasks(collection, Preparation(POLICY, (), ""), known)
    watch = Watch()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=place) as scratch, watch:
        with executors.executor(executors.PROCESSES, PROCESSES, "") as (pool, count):
            made = Store(Path(scratch) / "store", collection, executors.in_order(pool, count, decode_tasks.prepare, tasks))
        seconds = time.perf_counter() - begun
        if len(made.table) != len(collection.items):
            raise SystemExit(f"{len(collection.items) - len(made.table)} files were not read")
    return seconds, watch.most


class Watch:
    """The most of anonymous memory, in bytes, that this process and its children have had inside the block."""

    def __init__(self) -> None:
        self.most = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.2):
            family = [os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))]
            self.most = max(self.most, sum(map(anonymous, family)))


def anonymous(process: int) -> int:
    """RssAnon of a process in bytes; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon")), 0)


def write_table(found: dict[str, list[float]], memory: int, fourfold: int, images: int) -> None:
    """Writes benchmarks/decoding.json and prints its rows."""
    (plain, *_) = found
    rows = []
    for way, speeds in found.items():
        compared = [speed / other for speed, other in zip(speeds, found[plain], strict=True)]
        used = [f"{memory / MEBI:.0f}", f"{fourfold / MEBI:.0f}"] if way == list(found)[-1] else ["", ""]
        rows.append([way, *ratios.rates(speeds), ratios.ratio(compared), *used])
    content = {
        "title": f"{images:,} JPEGs of 640 x 480 to 64 x 64, two processes",
        "columns": ["way", "images/s", "range", "ratio", "RssAnon at most, MiB", "with 4 times the files"],
        "rows": rows,
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.decoding", *sys.argv[1:]]),
    }
    artifacts.write_json(Path("benchmarks/decoding.json"), content)
    print(*rows, sep="\n")


if __name__ == "__main__":
    main()
