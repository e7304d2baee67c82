"""Everything that a training needs, built from params.yaml and checked before the first step."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from darkroom.config.model import Fit, Model
from darkroom.core import artifacts
from darkroom.core.arrays import Labels
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.launch.distributed.shard import Shard
from darkroom.training import network, optimizers
from darkroom.training.batches import WHOLE, Batches


@dataclass(frozen=True)
class Setup:
    """A compiled model, its training batches, and its section `fit` of params.yaml."""

    model: keras.Model
    batches: Batches
    fit: Fit


def prepare(chosen: Model, image: ImagePolicy, seed: int, workspace: Workspace, shard: Shard = WHOLE) -> Setup:
    """The setup of one model. Raises DarkroomError if it cannot be trained."""
    folder = workspace.split("train")
    train, classes = Shards(folder), artifacts.read_json(workspace.classes)["classes"]
    check_classes(folder, train, classes)
    fit = chosen.fit
    check_size(fit, shard)
    if not shard.whole(len(train)):
        raise DarkroomError(f"{folder}: {len(train)} images for {shard.devices} devices: each needs at least one")
    weights = class_weights(fit, train.labels, len(classes))
    batches = Batches(train, fit.batch_size, seed, chosen.augment, weights, shard)
    model = network.build(chosen, image, len(classes))
    optimizers.compile_model(model, fit, batches.per_epoch)
    return Setup(model, batches, fit)


def check_size(fit: Fit, shard: Shard) -> None:
    """Raises DarkroomError if a batch cannot be divided evenly among the devices."""
    size = fit.batch_size
    if size != shard.whole(size):
        even, place = shard.whole(size) + shard.devices, fit.at("batch_size")
        raise DarkroomError(f"{place}: {size}: cannot be divided evenly among {shard.devices} devices; try {even}")


def class_weights(fit: Fit, labels: Labels, classes: int) -> NDArray[np.float32]:
    """The weight in the loss of each class, float32 K: all 1, or balanced, so that all classes have the same total weight.

    King and Zeng, "Logistic regression in rare events data" (2001): N / (K x images of the class).
    """
    if fit.class_weight is None:
        return np.ones(classes, np.float32)
    return compute_class_weight(fit.class_weight, classes=np.arange(classes), y=labels).astype(np.float32)  # type: ignore[no-any-return]


def check_classes(folder: Path, train: Shards, classes: list[str]) -> None:
    """Raises DarkroomError if there are more classes than images, or if a class has no image."""
    if len(classes) > len(train):
        raise DarkroomError(f"{folder}: {len(classes)} classes, but {len(train)} images: each class needs at least one")
    counts = np.bincount(train.labels, minlength=len(classes))
    if missing := [name for name, count in zip(classes, counts, strict=True) if count == 0]:
        names = ", ".join(missing)
        raise DarkroomError(f"{folder}: no image of the class {names}: it cannot be learnt; add images, or remove the class")
