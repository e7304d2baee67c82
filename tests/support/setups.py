"""Forty images of ten classes in the working folder, and small trainings on them."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from darkroom.core import artifacts
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.training import fit as fitting
from darkroom.training import setup
from darkroom.training.setup import Setup
from pipeline import train
from tests.conftest import WORKSPACE, model_of

POLICY = ImagePolicy(8, 8, 1, "stretch", "area", (0, 0, 0), 10**8)
LAYERS = [{"Conv2D": {"filters": 4, "kernel_size": 3}}, "BatchNormalization", "GlobalMaxPool2D"]
LABELS = np.arange(40) % 10


def write_splits() -> None:
    """The same forty images for training and validation, the brighter the later the class."""
    noise = np.random.default_rng(0).integers(0, 25, (40, 8, 8, 1))
    images = (noise + 20 * LABELS[:, None, None, None]).astype(np.uint8)
    for split in ("train", "validation"):
        shards.write(WORKSPACE.split(split), iter(images), LABELS)
    write_classes([str(digit) for digit in range(10)])


def write_classes(names: Sequence[str]) -> None:
    artifacts.write_json(WORKSPACE.classes, {"classes": list(names)})


def prepared(layers: Sequence[Any] = LAYERS, **fit: Any) -> Setup:
    """A small network, and the simplest training with the changes in `fit`."""
    return setup.prepare(model_of(fit, layers=list(layers)), POLICY, 0, WORKSPACE)


def fitted(ready: Setup) -> pd.DataFrame:
    """Trains to the end; returns the learning curves."""
    records = fitting.Records()
    fitting.fit(ready, Shards(WORKSPACE.split("validation")), 1, records)
    return records.curves.table()


def train_here(name: str = "tiny") -> None:
    """Runs the stage in this process; layers have the names, and the files the bytes, that they have in a fresh one."""
    keras.utils.clear_session()
    train.main([name])


def interrupt(monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    """Simulates Ctrl-C in the first batch of an epoch (from 0)."""

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, current: int, logs: Any = None) -> None:
            self.epoch = current

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if self.epoch == epoch:
                raise KeyboardInterrupt

    usual = fitting.callbacks
    monkeypatch.setattr(fitting, "callbacks", lambda *arguments: [*usual(*arguments), Stop()])


def answers(model: Any) -> np.ndarray:
    """The probabilities of a model for the validation images."""
    return np.asarray(model(Shards(WORKSPACE.split("validation")).images(np.arange(40)), training=False))


def loss(model: Any) -> float:
    """The mean loss of a model on the validation images."""
    return float(-np.log(answers(model)[np.arange(40), LABELS]).mean())
