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
        records: list[tuple[int, ImageRecord]] = []  # with their positions
        classes = [collection.classes[label] for label in collection.items["label"].tolist()]
        names = list(zip(collection.items["source"].tolist(), classes, strict=True))
        position = 0
        folder.mkdir(parents=True)
        pixels, thumbnails = folder / "pixels", folder / "thumbnails"
        shapes: list[tuple[int, ...]] = [(0,), (0,)]
        with (
            progress.bar("images", "images", len(names)) as bar,
            pixels.open("wb") as pixels_file,
            thumbnails.open("wb") as thumbnails_file,
        ):
            for result in results:
                if len(result.pixels):
                    # written, not assigned to a memory-mapped array: there a full disk would kill the process (SIGBUS)
                    pixels_file.write(result.pixels.tobytes())
                    thumbnails_file.write(result.thumbnails.tobytes())
                    shapes = [result.pixels.shape[1:], result.thumbnails.shape[1:]]
                records += self._log(names, position, result.outcomes)
                position += len(result.outcomes)
                bar.update(len(result.outcomes))
        self.table = _table(collection, records)
        self.classes = self._drop_empty_classes(collection.classes)
        self.pixels, self.thumbnails = (
            np.memmap(file, np.uint8, "r", shape=(len(records), *shape)) if records else EMPTY
            for file, shape in zip((pixels, thumbnails), shapes, strict=True)
        )

    def _drop_empty_classes(self, classes: Sequence[str]) -> list[str]:
        labels = self.table["label"].to_numpy()
        present = np.bincount(labels, minlength=len(classes)) > 0
        empty = [name for name, has_image in zip(classes, present, strict=True) if not has_image]
        self.rows += [Row("", name, "dropped", NO_IMAGE) for name in empty]
        self.table["label"] = (np.cumsum(present) - 1)[labels]
        return [name for name, has_image in zip(classes, present, strict=True) if has_image]

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
