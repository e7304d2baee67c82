"""What every reader returns: labelled images, where they are, and which files are not images."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from darkroom.core.arrays import Labels, Pixels
from darkroom.core.errors import DarkroomError
from darkroom.data.ledger import Row

ImageSource = Path | Pixels  # an image file, or the pixels themselves
Part = tuple[str, Pixels, Labels, str]  # name, images uint8 N x H x W (x C), labels int64 N, split ("" for none)

MAX_CLASSES = 100_000  # where their names are unknown
SPLIT_ALIASES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


class Images(Protocol):
    """Images by position: the path of a file, or uint8 pixels (H x W or H x W x C)."""

    def __getitem__(self, position: int) -> ImageSource:
        """The image at `position`."""


@dataclass(frozen=True)
class Files:
    """Image files: their names relative to `root`, with `/`."""

    root: Path
    names: Sequence[str]

    def __getitem__(self, position: int) -> Path:
        """The path of the file."""
        return self.root / self.names[position]


class Arrays:
    """Several arrays as one, each uint8 N x H x W (x C), perhaps memory-mapped."""

    def __init__(self, parts: Sequence[Pixels]) -> None:
        self.parts = parts
        self.starts = np.cumsum([0, *(len(part) for part in parts)])

    def __getitem__(self, position: int) -> Pixels:
        """A copy of one image."""
        part = bisect_right(self.starts.tolist(), position) - 1
        return np.array(self.parts[part][position - self.starts[part]])


@dataclass(frozen=True)
class Collection:
    """A data set as its owner stores it, in an order that depends only on names.

    `layout` is a one-line description. `items` has one row per image: `source` (name of a file, or `FILE#ROW`),
    `label` (int64, an index into `classes`), `split` (train, validation, test, or "" if not assigned), `group` ("" for none).
    `refused` are files that cannot be images. `skipped` counts hidden and system files, and files that a table does not name.
    `extra_files` belong to the data set but are not images, such as the table itself.
    """

    layout: str
    classes: tuple[str, ...]
    items: pd.DataFrame
    images: Images
    refused: tuple[Row, ...] = field(default=())
    skipped: int = 0
    extra_files: tuple[Path, ...] = ()


def of_files(
    layout: str, root: Path, table: pd.DataFrame, refused: Iterable[Row] = (), skipped: int = 0, names: Iterable[str] = ()
) -> Collection:
    """A collection of image files from a table with `source`, `class`, `split` and `group`, sorted by source.

    `names` are classes to list even if no file belongs to them.
    """
    ordered = table.sort_values("source", kind="stable", ignore_index=True)
    classes = in_order({*ordered["class"], *names})
    labels = {name: label for label, name in enumerate(classes)}
    items = ordered.assign(label=ordered["class"].map(labels).astype(np.int64))[["source", "label", "split", "group"]]
    return Collection(layout, classes, items, Files(root, items["source"].tolist()), tuple(refused), skipped)


def of_arrays(layout: str, parts: Sequence[Part], classes: tuple[str, ...]) -> Collection:
    """A collection of arrays. If `classes` is empty they are called 0, 1, 2 and so on.

    Raises DarkroomError if the numbers of images, labels and classes do not agree.
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
    """Classes in the order of their labels: by value if all are numbers, else by code point, in every locale."""
    ordered = sorted(set(names))
    numeric = all(name.isascii() and name.isdecimal() for name in ordered)
    return tuple(sorted(ordered, key=lambda name: (int(name), name)) if numeric else ordered)


def _check(name: str, images: Pixels, labels: Labels, classes: tuple[str, ...]) -> None:
    if len(labels) != len(images):
        raise DarkroomError(f"{name}: {len(images)} images but {len(labels)} labels")
    if len(images) == 0:
        raise DarkroomError(f"{name}: no images in it")
    if labels.min() < 0 or labels.max() >= (len(classes) or MAX_CLASSES):
        rule = f"labels count from 0 and are below {MAX_CLASSES:,}"
        rule = f"the catalog entry names {len(classes)} classes" if classes else rule
        raise DarkroomError(f"{name}: labels {labels.min()}..{labels.max()}, but {rule}")
