"""The manifest of a data set that lies here: each file by name, with its size and SHA-256. It stands for a copy.

DVC compares the files by itself; the manifest tells, years later, which they were, and holds preprocess to them.
"""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from pipeline import artifacts, paths
from pipeline.data.listing import listing
from pipeline.data.readers.collection import Collection, Files
from pipeline.errors import Refusal

THREADS = 8


def write(dataset: Path, collection: Collection, target: Path) -> pd.DataFrame:
    """Hashes the files of a data set, writes `target` and returns it: path, size in bytes, sha256."""
    names = files(dataset, collection)
    with ThreadPoolExecutor(THREADS) as pool:
        measured = pool.map(_measured, (root / name for root, name in names), chunksize=64)
        rows = [(name, *found) for (_, name), found in zip(names, _watched(measured, len(names)), strict=True)]
    table = pd.DataFrame(rows, columns=["path", "size", "sha256"])
    artifacts.write_csv(target, table)
    return table


def read() -> dict[str, str]:
    """The SHA-256 of each file, by name; nothing for a recipe, whose files lie in data/raw themselves."""
    if not paths.MANIFEST.is_file():
        return {}
    table = pd.read_csv(paths.MANIFEST, dtype=str, keep_default_na=False, lineterminator="\n")
    return dict(zip(table["path"], table["sha256"], strict=True))


def files(dataset: Path, collection: Collection) -> list[tuple[Path, str]]:
    """Where each file lies and what it is called: the pictures, or the arrays that hold them, and a table that names them."""
    if isinstance(collection.pictures, Files):
        root = collection.pictures.root
        named = [(root, str(name)) for name in collection.items["source"]]
        return [*named, (dataset.parent, dataset.name)] if dataset.is_file() else named
    if dataset.is_file():
        return [(dataset.parent, dataset.name)]
    return [(dataset, name) for name in listing(dataset).files]


def unchanged(dataset: Path, collection: Collection, known: dict[str, str]) -> None:
    """Raises Refusal for arrays that are not those of the manifest; single pictures are compared when they are read."""
    if known and not isinstance(collection.pictures, Files):
        for root, name in files(dataset, collection):
            if known.get(name) != _measured(root / name)[1]:
                raise Refusal(changed(root / name))


def changed(path: Path) -> str:
    """The line for a file that is not the one of the manifest."""
    return f"{path}: changed since {paths.MANIFEST} was written; run `dvc repro`, or `dvc repro --force download`"


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return path.stat().st_size, digest


def _watched(rows: Iterable[tuple[int, str]], total: int) -> Iterator[tuple[int, str]]:
    yield from tqdm(rows, "manifest", total, unit=" files", mininterval=1, delay=1, leave=False, disable=None)
