"""Keeps prepared images on disk until their split is decided, since they may not fit in memory."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from darkroom.core.arrays import Pixels
from darkroom.data import progress
from darkroom.data.decode_tasks import ImageRecord, TaskResult
from darkroom.data.ledger import SEPARATOR, Row
from darkroom.data.sources.readers.collection import Collection

EMPTY: Pixels = np.zeros(0, np.uint8)
NO_IMAGE = "a class without an image"


class StagedImages:
    """The readable images of a collection, in its order.

    `table` has one row per image: source, label, split, group, sha256, height, width, notes, position (in the collection).
    `pixels` (uint8 N x H x W x C) and `thumbnails` (uint8 N x T) are memory-mapped from `folder`. `classes` are those with
    an image, and `label` is an index into them. `rows` are for the ledger: conversions, refused files, dropped classes.
    """

    def __init__(self, folder: Path, collection: Collection, results: Iterable[TaskResult]) -> None:
        self.folder, self.rows = folder, list(collection.refused)
        self._arrays: list[Pixels] = []
        records: list[tuple[int, ImageRecord]] = []  # with their positions
        classes = [collection.classes[label] for label in collection.items["label"].tolist()]
        names = list(zip(collection.items["source"].tolist(), classes, strict=True))
        position = 0
        with progress.bar("images", "images", len(names)) as bar:
            for result in results:
                self._store(len(records), result, len(names))
                records += self._log(names, position, result.outcomes)
                position += len(result.outcomes)
                bar.update(len(result.outcomes))
        self.table = _table(collection, records)
        self.classes = self._drop_empty_classes(collection.classes)
        self.pixels, self.thumbnails = (array[: len(records)] for array in self._arrays or (EMPTY, EMPTY))

    def _drop_empty_classes(self, classes: Sequence[str]) -> list[str]:
        labels = self.table["label"].to_numpy()
        present = np.bincount(labels, minlength=len(classes)) > 0
        empty = [name for name, has_image in zip(classes, present, strict=True) if not has_image]
        self.rows += [Row("", name, "dropped", NO_IMAGE) for name in empty]
        self.table["label"] = (np.cumsum(present) - 1)[labels]
        return [name for name, has_image in zip(classes, present, strict=True) if has_image]

    def _store(self, start: int, result: TaskResult, count: int) -> None:
        """Writes the arrays of a task at row `start`; `count` is the largest possible number of images."""
        batches = (result.pixels, result.thumbnails)
        if not self._arrays and len(result.pixels):
            self.folder.mkdir(parents=True)
            for name, batch in zip(("pixels", "thumbnails"), batches, strict=True):
                shape = (count, *batch.shape[1:])
                self._arrays.append(np.lib.format.open_memmap(self.folder / f"{name}.npy", "w+", np.uint8, shape))
        for array, batch in zip(self._arrays, batches, strict=False):
            array[start : start + len(batch)] = batch

    def _log(
        self, names: list[tuple[str, str]], start: int, outcomes: list[ImageRecord | str]
    ) -> list[tuple[int, ImageRecord]]:
        """Adds refused and converted images to the ledger; returns the records with their positions.

        `names` are the source and class of each image of the collection; `start` is the position of the first outcome.
        """
        records = []
        for position, outcome in enumerate(outcomes, start):
            if isinstance(outcome, str):
                self.rows.append(Row(*names[position], "refused", outcome))
                continue
            records.append((position, outcome))
            if outcome.notes:
                self.rows.append(Row(*names[position], "converted", SEPARATOR.join(outcome.notes)))
        return records


def _table(collection: Collection, records: list[tuple[int, ImageRecord]]) -> pd.DataFrame:
    positions = [position for position, _ in records]
    table = collection.items.iloc[positions].reset_index(drop=True)
    return table.assign(
        position=np.asarray(positions, np.int64),
        sha256=[record.sha256 for _, record in records],
        height=np.asarray([record.height for _, record in records], np.int64),
        width=np.asarray([record.width for _, record in records], np.int64),
        notes=[SEPARATOR.join(record.notes) for _, record in records],
    )
