"""Everything that a training needs, built from params.yaml and checked before the first step."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from darkroom.config import Place
from darkroom.config.model import Fit, Model
from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.launch.distributed.shard import Shard
from darkroom.training import network, optimizers
from darkroom.training.batches import WHOLE, Batches, balanced


@dataclass(frozen=True)
class Setup:
    """A compiled model, its training batches, its section `fit` of params.yaml, and the place of that section."""

    model: keras.Model
    batches: Batches
    fit: Fit
    place: Place


def prepare(chosen: Model, image: ImagePolicy, seed: int, workspace: Workspace, place: Place, shard: Shard = WHOLE) -> Setup:
    """The setup of one model, whose place in params.yaml is `place`. Raises DarkroomError if it cannot be trained."""
    folder = workspace.split("train")
    train, classes = Shards(folder), artifacts.read_json(workspace.classes)["classes"]
    check_classes(folder, train, classes)
    fit = chosen.fit
    check_size(fit.batch_size, shard, place.at("fit", "batch_size"))
    if not shard.whole(len(train)):
        raise DarkroomError(f"{folder}: {len(train)} images for {shard.devices} devices: each needs some")
    weights = balanced(train.labels, len(classes)) if fit.class_weight else np.ones(len(classes), np.float32)
    batches = Batches(train, fit.batch_size, seed, chosen.augment, weights, shard)
    model = network.build(chosen, image, len(classes), place)
    optimizers.compile_model(model, fit, batches.per_epoch, place.at("fit"))
    return Setup(model, batches, fit, place.at("fit"))


def check_size(size: int, shard: Shard, place: Place) -> None:
    """Raises DarkroomError if a batch cannot be divided evenly among the devices."""
    if size != shard.whole(size):
        even = shard.whole(size) + shard.devices
        raise DarkroomError(f"{place}: {size}: cannot be divided evenly among {shard.devices} devices; try {even}")


def check_classes(folder: Path, train: Shards, classes: list[str]) -> None:
    """Raises DarkroomError if there are more classes than images, or if a class has no image."""
    if len(classes) > len(train):
        raise DarkroomError(f"{folder}: {len(classes)} classes, but {len(train)} images: each class needs some")
    counts = np.bincount(train.labels, minlength=len(classes))
    if missing := [name for name, count in zip(classes, counts, strict=True) if count == 0]:
        names = ", ".join(missing)
        raise DarkroomError(f"{folder}: no image of the class {names}: it cannot be learnt; add images, or take it out")
