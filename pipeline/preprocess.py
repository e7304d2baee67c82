"""Stage 2: decodes, sizes and colours every image, splits, and writes arrays that later stages memory-map.

Reads   params.yaml (seed, dataset, image, preprocess), the recipe, data/raw.
Writes  data/prepared/: SPLIT/images-*.npy, SPLIT/labels.npy, index.csv, classes.json; reports/data.json.
Run     dvc repro preprocess, or python -m pipeline.preprocess
"""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from pipeline import artifacts, command, params, paths, transforms
from pipeline.data import images, readers, shards, splits
from pipeline.data.readers import Labelled
from pipeline.params import Params, Recipe


def main() -> None:
    """Prepares the three splits and their index."""
    command.no_arguments(__doc__)
    settings = params.load()
    recipe = params.load_recipe(Path(settings.dataset))
    given = readers.read(recipe.format, paths.RAW, len(recipe.classes))
    labels = {split: labelled.labels for split, labelled in given.items()}
    chosen = splits.assign(labels, settings.preprocess.validation, settings.preprocess.test, settings.seed)
    _check_transforms(settings)
    shutil.rmtree(paths.PREPARED, ignore_errors=True)
    tables = []
    for split, (origin, positions) in chosen.items():
        labelled = given[origin]
        hashes: list[str] = []
        shards.write(paths.prepared(split), _prepared(labelled, positions, settings, split, hashes), labelled.labels[positions])
        tables.append(_index(split, labelled, positions, hashes, recipe))
    _write_summary(pd.concat(tables), recipe)


def _check_transforms(settings: Params) -> None:
    """Raises Refusal for a transform that cannot work on images of this size, before anything is deleted."""
    calls = [call.plain() for call in settings.preprocess.transforms]
    image = np.zeros((1, settings.image.height, settings.image.width, settings.image.channels), np.uint8)
    transforms.check(calls, image, [params.place("preprocess", "transforms", position) for position in range(len(calls))])


def _prepared(
    labelled: Labelled, positions: NDArray[np.int64], settings: Params, split: str, hashes: list[str]
) -> Iterator[NDArray[np.uint8]]:
    """Each image of a split, H x W x C by the policy; its SHA-256 is added to `hashes` on the way."""
    where = str(params.place("preprocess", "transforms"))
    deterministic = transforms.Pipeline([call.plain() for call in settings.preprocess.transforms], where)
    for position in tqdm(positions, desc=split, unit=" images", mininterval=1, leave=False):
        pixels = images.conform(np.asarray(labelled.images[position]), settings.image.policy)
        (pixels,) = deterministic(pixels[np.newaxis], seed=0)  # one seed for all: the same function in predict
        hashes.append(hashlib.sha256(pixels.tobytes()).hexdigest())
        yield pixels


def _index(split: str, labelled: Labelled, positions: NDArray[np.int64], hashes: list[str], recipe: Recipe) -> pd.DataFrame:
    labels = labelled.labels[positions]
    return pd.DataFrame(
        {
            "id": [f"{split}/{row:06d}" for row in range(len(positions))],
            "split": split,
            "label": labels,
            "class": [recipe.classes[label] for label in labels],
            "source": [f"{labelled.source}#{position}" for position in positions],
            "sha256": hashes,
            "height": labelled.images.shape[1],
            "width": labelled.images.shape[2],
            "flags": "",
        }
    )


def _write_summary(index: pd.DataFrame, recipe: Recipe) -> None:
    artifacts.write_csv(paths.INDEX, index)
    artifacts.write_json(paths.CLASSES, {"classes": recipe.classes})
    splits_of = {split: index.loc[index["split"] == split, "class"] for split in ("train", "validation", "test")}
    content = {
        "title": recipe.title,
        "homepage": recipe.homepage,
        "licence": recipe.licence,
        "citation": recipe.citation,
        "classes": recipe.classes,
        "images": {split: classes.value_counts().to_dict() for split, classes in splits_of.items()},
    }
    artifacts.write_json(paths.DATA_SUMMARY, content)
    print(f"{recipe.title}: " + ", ".join(f"{split} {len(classes)}" for split, classes in splits_of.items()))


if __name__ == "__main__":
    command.run(main)
