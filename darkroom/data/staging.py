"""Where prepared images wait until it is known which split they belong to: on disk, since memory may not hold them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from darkroom.data.decode_tasks import Done, Fact
from darkroom.data.ledger import SEPARATOR, Row
from darkroom.data.sources.readers.collection import Collection

Pixels = NDArray[np.uint8]

NOTHING: Pixels = np.zeros(0, np.uint8)
NO_IMAGE = "a class without an image"


class Store:
    """The readable images of a collection, in its order.

    `table` has a row an image: source, label, split, group, sha256, height, width, notes, position (in the collection).
    `pixels` are uint8 N x H x W x C and `thumbnails` uint8 N x T, mapped from `folder`. `classes` are those that have an
    image; labels count these. `rows` are for the ledger: what had to be converted, or could not be read, and classes left out.
    """

    def __init__(self, folder: Path, collection: Collection, done: Iterable[Done]) -> None:
        self.folder, self.rows = folder, list(collection.refused)
        self._arrays: list[NDArray[np.uint8]] = []
        facts: list[tuple[int, Fact]] = []
        classes = [collection.classes[label] for label in collection.items["label"].tolist()]
        names = list(zip(collection.items["source"].tolist(), classes, strict=True))
        position = 0
        shown = {"unit": " images", "mininterval": 1, "delay": 1, "leave": False, "disable": None}
        with tqdm(desc="images", total=len(collection.items), **shown) as bar:
            for part in done:
                self._keep(len(facts), part, len(collection.items))
                facts += self._told(names, position, part.told)
                position += len(part.told)
                bar.update(len(part.told))
        self.table = _table(collection, facts)
        self.classes = self._present(collection.classes)
        self.pixels, self.thumbnails = (array[: len(facts)] for array in self._arrays or (NOTHING, NOTHING))

    def _present(self, classes: Sequence[str]) -> list[str]:
        labels = self.table["label"].to_numpy()
        present = np.bincount(labels, minlength=len(classes)) > 0
        self.rows += [Row("", name, "dropped", NO_IMAGE) for name, there in zip(classes, present, strict=True) if not there]
        self.table["label"] = (np.cumsum(present) - 1)[labels]
        return [name for name, there in zip(classes, present, strict=True) if there]

    def _keep(self, start: int, part: Done, count: int) -> None:
        found = (part.pixels, part.thumbnails)
        if not self._arrays and len(part.pixels):
            self.folder.mkdir(parents=True)
            for name, values in zip(("pixels", "thumbnails"), found, strict=True):
                shape = (count, *values.shape[1:])
                self._arrays.append(np.lib.format.open_memmap(self.folder / f"{name}.npy", "w+", np.uint8, shape))
        for array, values in zip(self._arrays, found, strict=False):
            array[start : start + len(values)] = values

    def _told(self, names: list[tuple[str, str]], position: int, told: list[Fact | str]) -> list[tuple[int, Fact]]:
        """The facts with their positions; what they say to the ledger is added to it. `names` are sources and classes."""
        readable = []
        for at, fact in enumerate(told, position):
            if isinstance(fact, str):
                self.rows.append(Row(*names[at], "refused", fact))
                continue
            readable.append((at, fact))
            if fact.notes:
                self.rows.append(Row(*names[at], "converted", SEPARATOR.join(fact.notes)))
        return readable


def _table(collection: Collection, facts: list[tuple[int, Fact]]) -> pd.DataFrame:
    positions = [position for position, _ in facts]
    table = collection.items.iloc[positions].reset_index(drop=True)
    return table.assign(
        position=np.asarray(positions, np.int64),
        sha256=[fact.sha256 for _, fact in facts],
        height=np.asarray([fact.height for _, fact in facts], np.int64),
        width=np.asarray([fact.width for _, fact in facts], np.int64),
        notes=[SEPARATOR.join(fact.notes) for _, fact in facts],
    )
