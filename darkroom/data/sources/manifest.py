"""The manifest of a user's own data set: the path, size and SHA-256 of each file, written instead of a copy.

It records which files the results came from, and preprocess refuses files that differ from it.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from darkroom.core import csv_files, digests, ordered
from darkroom.core.errors import DarkroomError
from darkroom.data import progress
from darkroom.data.sources import listing
from darkroom.data.sources.readers.collection import Collection, Files

THREADS, FILES_PER_TASK = 8, 64

Location = tuple[Path, str]  # a folder, and the name of a file relative to it
Entry = tuple[str, int, str]  # name, size in bytes, SHA-256


def write(dataset: Path, collection: Collection, target: Path) -> pd.DataFrame:
    """Hashes the files of a data set, writes the table `target` and returns it: path, size in bytes, sha256."""
    locations = [*_images(collection), *_other_files(dataset, collection)]
    chunks = (locations[start : start + FILES_PER_TASK] for start in range(0, len(locations), FILES_PER_TASK))
    entries: list[Entry] = []
    with ThreadPoolExecutor(THREADS) as pool, progress.bar("manifest", "files", len(locations)) as bar:
        for hashed in ordered.map_in_order(pool, THREADS, _hash, chunks):
            entries += hashed
            bar.update(len(hashed))
    table = pd.DataFrame(entries, columns=["path", "size", "sha256"])
    csv_files.write(target, table)
    return table


def read(path: Path) -> dict[str, str]:
    """The SHA-256 of each file by name; empty if there is no manifest, as for a catalog entry."""
    if not path.is_file():
        return {}
    table = csv_files.read(path, ["path", "sha256"])
    return dict(zip(table["path"], table["sha256"], strict=True))


def check(dataset: Path, collection: Collection, manifest: Path) -> dict[str, str]:
    """Returns the manifest as `read` does. Raises DarkroomError for an image not in it, or a changed table, array or archive.

    The content of the images is checked when they are decoded.
    """
    sha256 = read(manifest)
    if not sha256:
        return sha256
    for folder, name in _other_files(dataset, collection):
        ((_, _, digest),) = _hash([(folder, name)])
        if sha256.get(name) != digest:
            raise DarkroomError(changed(folder / name, manifest))
    for folder, name in _images(collection):
        if name not in sha256:
            raise DarkroomError(changed(folder / name, manifest))
    return sha256


def changed(path: Path, manifest: Path) -> str:
    """The message for a file that differs from the manifest."""
    return f"{path}: changed since {manifest} was written; run `dvc repro`, or `dvc repro --force download`"


def _images(collection: Collection) -> Iterator[Location]:
    if isinstance(collection.images, Files):
        root = collection.images.root
        yield from ((root, name) for name in collection.items["source"].tolist())


def _other_files(dataset: Path, collection: Collection) -> list[Location]:
    """The files that are not images: arrays, a table, an archive."""
    if dataset.is_file():
        return [(dataset.parent, dataset.name)]
    if isinstance(collection.images, Files):
        return [(path.parent, path.name) for path in collection.extra_files]
    return [(dataset, name) for name in listing.scan(dataset).files]


def _hash(locations: Sequence[Location]) -> list[Entry]:
    return [(name, (folder / name).stat().st_size, digests.of_file(folder / name)) for folder, name in locations]
