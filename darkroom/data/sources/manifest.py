"""The manifest of a data set that lies here: each file by name, with its size and SHA-256. It stands for a copy.

DVC compares the files by itself; the manifest tells, years later, which they were, and holds preprocess to them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError
from darkroom.data import executors
from darkroom.data.sources.listing import listing
from darkroom.data.sources.readers.collection import Collection, Files

THREADS, AT_ONCE = 8, 64

Measured = tuple[str, int, str]


def write(dataset: Path, collection: Collection, target: Path) -> pd.DataFrame:
    """Hashes the files of a data set, writes `target` and returns it: path, size in bytes, sha256."""
    names = [*_pictures(collection), *others(dataset, collection)]
    chunks = (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))
    rows: list[Measured] = []
    shown = {"unit": " files", "mininterval": 1, "delay": 1, "leave": False, "disable": None}
    with ThreadPoolExecutor(THREADS) as pool, tqdm(desc="manifest", total=len(names), **shown) as bar:
        for measured in executors.in_order(pool, THREADS, _measured, chunks):
            rows += measured
            bar.update(len(measured))
    table = pd.DataFrame(rows, columns=["path", "size", "sha256"])
    artifacts.write_csv(target, table)
    return table


def read() -> dict[str, str]:
    """The SHA-256 of each file, by name; nothing for a recipe, whose files lie in data/raw themselves."""
    if not paths.MANIFEST.is_file():
        return {}
    table = pd.read_csv(paths.MANIFEST, dtype=str, keep_default_na=False, lineterminator="\n")
    return dict(zip(table["path"], table["sha256"], strict=True))


def others(dataset: Path, collection: Collection) -> list[tuple[Path, str]]:
    """Where the files lie that are no pictures, and what they are called: arrays, a table, an archive."""
    if dataset.is_file():
        return [(dataset.parent, dataset.name)]
    if isinstance(collection.pictures, Files):
        return [(path.parent, path.name) for path in collection.also]
    return [(dataset, name) for name in listing(dataset).files]


def unchanged(dataset: Path, collection: Collection, known: dict[str, str]) -> None:
    """Raises DarkroomError for a file that is not that of the manifest, or a picture that is not in it.

    What is in the pictures is compared when they are read.
    """
    if not known:
        return
    for _, _, sha256, path in ((*_measured([place])[0], place[0] / place[1]) for place in others(dataset, collection)):
        if known.get(path.name if dataset.is_file() else str(path.relative_to(dataset))) != sha256:
            raise DarkroomError(changed(path))
    for root, name in _pictures(collection):
        if name not in known:
            raise DarkroomError(changed(root / name))


def changed(path: Path) -> str:
    """The line for a file that is not the one of the manifest."""
    return f"{path}: changed since {paths.MANIFEST} was written; run `dvc repro`, or `dvc repro --force download`"


def _pictures(collection: Collection) -> Iterator[tuple[Path, str]]:
    if isinstance(collection.pictures, Files):
        root = collection.pictures.root
        yield from ((root, name) for name in collection.items["source"].tolist())


def _measured(places: Sequence[tuple[Path, str]]) -> list[Measured]:
    found = []
    for root, name in places:
        with (root / name).open("rb") as stream:
            found.append((name, (root / name).stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()))
    return found
