"""All that a training needs, put together from params.yaml and checked before the first step."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from darkroom.config import Place
from darkroom.config.model import Fit, Model
from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data.shards import Shards
from darkroom.launch.distributed.shard import Share
from darkroom.training import network, optimizers
from darkroom.training.batches import ONE, Batches, balanced

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Task:
    """A compiled model, the batches that it learns from, what params.yaml says of its training, and the place of that."""

    model: "keras.Model"
    batches: Batches
    fit: Fit
    where: Place


def prepare(chosen: Model, image: ImagePolicy, seed: int, train: Shards, where: Place, share: Share = ONE) -> Task:
    """The task of one model, whose place in params.yaml is `where`. Raises DarkroomError for what cannot be trained."""
    classes = artifacts.read_json(paths.CLASSES)["classes"]
    check_classes(train, classes)
    fit = chosen.fit
    check_size(fit.batch_size, len(train), share, where.at("fit", "batch_size"))
    weights = balanced(train.labels, len(classes)) if fit.class_weight else np.ones(len(classes), np.float32)
    batches = Batches(train, fit.batch_size, seed, chosen.augment, weights, where.at("augment"), share)
    model = network.build(chosen, image, len(classes), where)
    optimizers.compile_model(model, fit, batches.per_epoch, where.at("fit"))
    return Task(model, batches, fit, where.at("fit"))


def check_size(size: int, images: int, share: Share, where: Place) -> None:
    """Refuses a batch, or a training split, that cannot be shared out evenly."""
    if size != share.whole(size):
        even = share.whole(size) + share.devices
        raise DarkroomError(f"{where}: {size}: cannot be shared out evenly to {share.devices} devices; try {even}")
    if not share.whole(images):
        raise DarkroomError(f"{paths.prepared('train')}: {images} images for {share.devices} devices: each needs some")


def check_classes(train: Shards, classes: list[str]) -> None:
    """Refuses classes that cannot be learnt: more of them than images, or one that no image shows."""
    folder = paths.prepared("train")
    if len(classes) > len(train):
        raise DarkroomError(f"{folder}: {len(classes)} classes, but {len(train)} images: each class needs some")
    counts = np.bincount(train.labels, minlength=len(classes))
    if missing := [name for name, count in zip(classes, counts, strict=True) if count == 0]:
        raise DarkroomError(
            f"{folder}: no image of the class {', '.join(missing)}: it cannot be learnt; add images, or take it out"
        )
