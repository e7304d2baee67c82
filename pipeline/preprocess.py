"""Stage 2: decodes, sizes and colours every image, splits, and writes arrays that later stages memory-map.

Reads   params.yaml (seed, dataset, image, preprocess), the data set: the recipe and data/raw, or the user's own files, which
        are held to data/raw/manifest.csv and never changed.
Writes  data/prepared/: SPLIT/images-*.npy, SPLIT/labels.npy, index.csv, classes.json, pictures.json; reports/data/:
        summary.json, ledger.csv (every file that was converted, refused or dropped), duplicates.csv.
Run     dvc repro preprocess, or python -m pipeline.preprocess
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from darkroom import config
from darkroom.config import Params
from darkroom.core import artifacts, command, paths, transforms
from darkroom.core.errors import DarkroomError
from darkroom.data import (
    account,
    decode_tasks,
    duplicate_policy,
    duplicates,
    executors,
    index,
    ledger,
    previews,
    shards,
    similarity,
)
from darkroom.data.decode_tasks import Preparation
from darkroom.data.duplicate_policy import Division
from darkroom.data.sources import manifest, opening
from darkroom.data.sources.readers import Collection
from darkroom.data.splits import taught
from darkroom.data.staging import Store


def main() -> None:
    """Prepares the three splits, their index, and the account of what happened to every file."""
    command.no_arguments(__doc__)
    settings = config.load()
    how = preparation(settings)
    with artifacts.replaced(paths.PREPARED) as (folder, scratch), opening.opened(settings.dataset) as collection:
        print(f"{settings.dataset}: {collection.layout}", flush=True)
        store = stored(collection, how, settings, scratch / "store")
        check(store, collection, settings)
        found = divided(store, settings)
        indexed = index.rows(store.table, store.classes, found.chosen, found.leaked)
        write_prepared(folder, store, found, indexed)
        shown = {
            "prepared": previews.prepared(collection, store.table, store.pixels, how.policy),
            "odd": previews.odd(collection, store.table, store.pixels),
            "duplicates": previews.pairs(found.told, store.table, store.pixels),
        }
        artifacts.write_json(folder / paths.PICTURES.name, shown)
        write_reports(collection, store, found, indexed, settings)


def preparation(settings: Params) -> Preparation:
    """What is done to each picture. Raises DarkroomError for a transform that cannot work on images of this size."""
    calls = tuple(call.plain() for call in settings.preprocess.transforms)
    image = np.zeros((1, settings.image.height, settings.image.width, settings.image.channels), np.uint8)
    transforms.check(calls, image, [config.place("preprocess", "transforms", position) for position in range(len(calls))])
    return Preparation(settings.image.policy, calls, str(config.place("preprocess", "transforms")))


def stored(collection: Collection, how: Preparation, settings: Params, folder: Path) -> Store:
    """Every picture, read in several processes, waiting in `folder`."""
    known = manifest.read()
    manifest.unchanged(Path(settings.dataset), collection, known)
    tasks = decode_tasks.tasks(collection, how, known)
    wanted, where = settings.preprocess, config.place("preprocess", "executor")
    with executors.executor(wanted.executor, wanted.workers, where) as (pool, count):
        return Store(folder, collection, executors.in_order(pool, count, decode_tasks.prepare, tasks))


def check(store: Store, collection: Collection, settings: Params) -> None:
    """Raises DarkroomError where too many files are lost, or classes; the ledger is written all the same."""
    artifacts.write_csv(paths.LEDGER, ledger.table(store.rows))
    files = len(collection.items) + len(collection.refused)
    account.refuse_too_many(store.rows, files, settings.preprocess.refused, config.place("preprocess", "refused"))
    for row in store.rows:
        if row.action == "dropped":
            print(f"{row.class_name}: {row.reason}: it is left out", flush=True)
    if len(store.classes) < 2:
        raise DarkroomError(
            f"{settings.dataset}: images of two classes are needed, there are those of {', '.join(store.classes)}"
        )


def divided(store: Store, settings: Params) -> Division:
    """The splits, and the duplicates in them. Raises DarkroomError where there are any and params.yaml says `stop`."""
    wanted = settings.preprocess.duplicates
    shape = similarity.thumbnail_shape(settings.image.height, settings.image.width)
    pairs = duplicates.find(store.thumbnails, shape, store.table["sha256"].tolist(), wanted.similarity)
    shares = (settings.preprocess.validation, settings.preprocess.test, settings.seed)
    found = duplicate_policy.divide(store.table, store.classes, pairs, wanted.policy == "drop", shares)
    store.rows += duplicate_policy.rows(found.told)
    taught(found.chosen["train"], store.table["label"].to_numpy(), store.classes)
    if wanted.policy == "stop":
        artifacts.write_csv(paths.DUPLICATES, found.told)
        duplicate_policy.refuse(found.told, str(config.place("preprocess", "duplicates", "policy")))
    return found


def write_prepared(folder: Path, store: Store, found: Division, indexed: pd.DataFrame) -> None:
    """The shards of each split, the index and the classes."""
    labels = store.table["label"].to_numpy()
    for split, positions in found.chosen.items():
        shards.write(folder / split, (store.pixels[position] for position in positions), labels[positions])
    artifacts.write_csv(folder / paths.INDEX.name, indexed)
    artifacts.write_json(folder / paths.CLASSES.name, {"classes": store.classes})


def write_reports(collection: Collection, store: Store, found: Division, indexed: pd.DataFrame, settings: Params) -> None:
    """The sums, the ledger and the duplicates; and the sums in a line."""
    about = opening.about(settings.dataset)
    sums = account.summary(collection, store.rows, store.classes, indexed)
    wanted = settings.preprocess.duplicates
    alike = {"policy": wanted.policy, "similarity": wanted.similarity, **duplicate_policy.summary(found)}
    content: dict[str, Any] = {**asdict(about), **sums, "duplicates": alike}
    artifacts.write_csv(paths.LEDGER, ledger.table(store.rows))
    artifacts.write_csv(paths.DUPLICATES, found.told)
    artifacts.write_json(paths.DATA_SUMMARY, content)
    sizes = ", ".join(f"{split} {sum(classes.values())}" for split, classes in sums["images"].items())
    told = ", ".join(f"{number} {what}" for what, number in sums["files"].items() if number and what != "used")
    print(f"{about.title}: {sizes}" + (f"; files: {told}" if told else ""))


if __name__ == "__main__":
    command.run(main)
