"""What every reader returns: labelled pictures, where they lie, and what of the source is no picture."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.data.ledger import Row

Pixels = NDArray[np.uint8]
Picture = Path | Pixels

MOST = 100_000  # classes, where none are named
SPLITS = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}


class Pictures(Protocol):
    """Pictures by position: the path of an image file, or uint8 pixels (H x W or H x W x C)."""

    def __getitem__(self, position: int) -> Picture:
        """The picture at `position`."""


@dataclass(frozen=True)
class Files:
    """Image files: their names relative to `root`, with `/`."""

    root: Path
    names: Sequence[str]

    def __getitem__(self, position: int) -> Path:
        """The path of the file."""
        return self.root / self.names[position]


class Arrays:
    """Arrays one behind the other, each uint8 N x H x W (x C), which may lie on disk."""

    def __init__(self, parts: Sequence[Pixels]) -> None:
        self.parts = parts
        self.starts = np.cumsum([0, *(len(part) for part in parts)])

    def __getitem__(self, position: int) -> Pixels:
        """A copy of one picture."""
        owner = bisect_right(self.starts.tolist(), position) - 1
        return np.array(self.parts[owner][position - self.starts[owner]])


@dataclass(frozen=True)
class Collection:
    """A data set as it lies there, in an order that depends on its names only.

    `layout` says in a line what was recognised. `items` has a row a picture: `source` (a file's name, or `FILE#ROW`), `label`
    (int64, the place in `classes`), `split` (train, validation, test or "" where none is given), `group` ("" for none).
    `refused` are files that cannot be pictures; `skipped` counts those that nobody means: hidden ones, those of the system,
    those that a table beside them does not name. `also` are files that belong to the data set beside the pictures.
    """

    layout: str
    classes: tuple[str, ...]
    items: pd.DataFrame
    pictures: Pictures
    refused: tuple[Row, ...] = field(default=())
    skipped: int = 0
    also: tuple[Path, ...] = ()


def of_files(
    layout: str, root: Path, table: pd.DataFrame, refused: Iterable[Row] = (), skipped: int = 0, names: Iterable[str] = ()
) -> Collection:
    """A collection of image files from a table with `source`, `class`, `split` and `group`, in order of the source.

    `names` are classes that must stand in the list even where none of the files is of them.
    """
    ordered = table.sort_values("source", kind="stable", ignore_index=True)
    classes = in_order({*ordered["class"], *names})
    places = {name: place for place, name in enumerate(classes)}
    items = ordered.assign(label=ordered["class"].map(places).astype(np.int64))[["source", "label", "split", "group"]]
    return Collection(layout, classes, items, Files(root, items["source"].tolist()), tuple(refused), skipped)


def of_arrays(layout: str, parts: Sequence[tuple[str, Pixels, NDArray[np.int64], str]], classes: tuple[str, ...]) -> Collection:
    """A collection of arrays: for each part its name, images, labels (int64 N) and split ("" for none).

    Without names for the classes, they are 0, 1, 2 and so on. Raises DarkroomError where images, labels and classes do not fit.
    """
    for name, images, labels, _ in parts:
        _check(name, images, labels, classes)
    labels = np.concatenate([labels for _, _, labels, _ in parts])
    items = pd.DataFrame(
        {
            "source": [f"{name}#{row}" for name, images, _, _ in parts for row in range(len(images))],
            "label": labels,
            "split": np.repeat([split for *_, split in parts], [len(images) for _, images, _, _ in parts]),
            "group": "",
        }
    )
    names = classes or tuple(str(label) for label in range(int(labels.max()) + 1))
    return Collection(layout, names, items, Arrays([images for _, images, _, _ in parts]))


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Classes in the order of their labels: numbers by value, others by code point, whatever the locale."""
    listed = sorted(set(names))
    whole = all(name.isascii() and name.isdecimal() for name in listed)
    return tuple(sorted(listed, key=lambda name: (int(name), name)) if whole else listed)


def _check(name: str, images: Pixels, labels: NDArray[np.int64], classes: tuple[str, ...]) -> None:
    if len(labels) != len(images):
        raise DarkroomError(f"{name}: {len(images)} images but {len(labels)} labels")
    if len(images) == 0:
        raise DarkroomError(f"{name}: no images in it")
    if labels.min() < 0 or labels.max() >= (len(classes) or MOST):
        told = f"the recipe names {len(classes)} classes" if classes else f"labels count from 0 and are below {MOST:,}"
        raise DarkroomError(f"{name}: labels {labels.min()}..{labels.max()}, but {told}")
