"""Speed and memory of preprocess on a folder of photographs, compared with a bare loop of OpenCV.

    python -m benchmarks.decoding [--images 20000] [--rounds 2]

Writes that many JPEGs of 640 x 480 to a temporary folder. In each round it times a bare loop of cv2.imread and cv2.resize to
64 x 64 in two processes; the same with the SHA-256 of each file, which preprocess compares with the manifest; and preprocess up
to the arrays on disk, in two processes. Then it runs preprocess on four times as many files (links to the same) to compare the
peak memory: anonymous resident memory (RssAnon) of all processes together. Writes benchmarks/decoding.json. Linux only.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from benchmarks import machine, ratios
from benchmarks.rss import PeakMemory
from darkroom.core import artifacts, digests, ordered
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.data import decode_tasks, executors
from darkroom.data.decode_tasks import Preparation
from darkroom.data.sources import readers
from darkroom.data.staging import StagedImages

SIDE, PROCESSES, SCENES = 64, 2, 200
POLICY = ImagePolicy(SIDE, SIDE, 3, "stretch", "area", (0, 0, 0), 100_000_000)
MEBI = 2**20


def main() -> None:
    """Writes the images, measures, writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos, more = Path(folder) / "once", Path(folder) / "more"
        write(photos, options.images)
        ways: dict[str, Callable[[], tuple[float, int]]] = {
            "bare loop: cv2.imread, cv2.resize": lambda: (bare_loop(photos, hashed=False), 0),
            "the same, and SHA-256 of each file": lambda: (bare_loop(photos, hashed=True), 0),
            "preprocess, to arrays on disk": lambda: preprocess(photos, Path(folder)),
        }
        rounds = [{way: measure() for way, measure in ways.items()} for _ in range(options.rounds)]
        link(photos, more, 4)
        _, fourfold = preprocess(more, Path(folder))
    speeds = {way: [options.images / results[way][0] for results in rounds] for way in ways}
    write_table(speeds, max(peak for results in rounds for _, peak in results.values()), fourfold, options.images)


def write(folder: Path, count: int) -> None:
    """JPEGs of smooth scenes with grain, in two class folders; a number appended to each makes its bytes unique."""
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
    """Links each file in `folder` under `times` names in `target`."""
    for path in folder.rglob("*.jpg"):
        (target / path.parent.name).mkdir(parents=True, exist_ok=True)
        for copy in range(times):
            (target / path.parent.name / f"{path.stem}-{copy}.jpg").hardlink_to(path)


def bare_loop(folder: Path, hashed: bool) -> float:
    """Seconds that the loop takes in two processes, including their start."""
    files = sorted(map(str, folder.rglob("*.jpg")))
    start = time.perf_counter()
    with get_context("spawn").Pool(PROCESSES) as pool:
        pool.starmap(decode_files, [(files[part::PROCESSES], hashed) for part in range(PROCESSES)])
    return time.perf_counter() - start


def decode_files(files: list[str], hashed: bool) -> int:
    """The bare loop over some of the files."""
    cv2.setNumThreads(1)
    total = 0
    for file in files:
        if hashed:
            digests.sha256(Path(file).read_bytes())
        total += int(cv2.resize(cv2.imread(file), (SIDE, SIDE), interpolation=cv2.INTER_AREA)[0, 0, 0])
    return total


def preprocess(folder: Path, scratch_parent: Path) -> tuple[float, int]:
    """Seconds of preprocessing, including the start of its processes, and its peak memory in bytes."""
    collection = readers.read(folder)
    sha256 = {source: digests.of_file(folder / source) for source in collection.items["source"]}
    tasks = decode_tasks.split_into_tasks(collection, Preparation(POLICY, ()), sha256, Path("manifest.csv"))
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=scratch_parent) as scratch, PeakMemory() as memory:
        with executors.processes(PROCESSES) as (pool, count):
            results = ordered.map_in_order(pool, count, decode_tasks.prepare, tasks)
            staged = StagedImages(Path(scratch) / "staged", collection, results)
        seconds = time.perf_counter() - start
        if len(staged.table) != len(collection.items):
            raise SystemExit(f"{len(collection.items) - len(staged.table)} files were not read")
    return seconds, memory.peak


def write_table(speeds: dict[str, list[float]], memory: int, fourfold: int, images: int) -> None:
    """Writes benchmarks/decoding.json and prints its rows. `speeds` are images per second, `memory` and `fourfold` bytes."""
    (plain, *_) = speeds
    rows = []
    for way, values in speeds.items():
        compared = [speed / other for speed, other in zip(values, speeds[plain], strict=True)]
        used = [f"{memory / MEBI:.0f}", f"{fourfold / MEBI:.0f}"] if way == list(speeds)[-1] else ["", ""]
        rows.append([way, *ratios.rates(values), ratios.ratio(compared), *used])
    content = {
        "title": f"{images:,} JPEGs of 640 x 480 to 64 x 64, two processes",
        "columns": ["way", "images/s", "range", "ratio", "RssAnon at most, MiB", "with 4 times the files"],
        "rows": rows,
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.decoding", *sys.argv[1:]]),
    }
    artifacts.write_json(Workspace.at().benchmark("decoding"), content)
    print(*rows, sep="\n")


if __name__ == "__main__":
    main()
