"""The variants of training in Keras that `benchmarks.training` compares. Each call runs an epoch and returns its seconds.

Imports Keras: configure the backend first (`darkroom.launch.backend`).
"""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from darkroom import config
from darkroom.config.calls import optimizer
from darkroom.core.workspace import Workspace
from darkroom.training import backend, runtime, setup
from darkroom.training.batches import Batch, one_hot, stream
from darkroom.training.setup import Setup

EPOCHS = 1000  # more than there are rounds; batches are made lazily
Epoch = Callable[[], float]


def bare(name: str, workspace: Workspace) -> Epoch:
    """Keras's own `fit` on arrays."""
    ready = prepared(name, workspace, augmented=False)
    images, targets = ready.batches.split.parts[0], one_hot(ready.batches.split.labels, ready.model.output_shape[1])
    return lambda: timed(ready.model, x=images, y=targets, batch_size=ready.batches.size)


def ours(name: str, workspace: Workspace, precision: str = "float32", augmented: bool = False) -> Epoch:
    """The input pipeline of the train stage; each call is the next epoch of one training."""
    ready = prepared(name, workspace, precision, augmented)
    batches = stream(ready.batches, EPOCHS, config.load(workspace).training.workers)
    return lambda: streamed(ready, lambda: itertools.islice(batches, ready.batches.per_epoch))


def kept_ready(name: str, workspace: Workspace) -> Epoch:
    """Augmented batches, made before the clock starts."""
    ready = prepared(name, workspace)
    batches = [ready.batches(0, batch) for batch in range(ready.batches.per_epoch)]
    return lambda: streamed(ready, lambda: iter(batches))


def prepared(name: str, workspace: Workspace, precision: str = "float32", augmented: bool = True) -> Setup:
    """The model's setup, with Adam, with or without its augmentation; its images are in memory."""
    settings = config.load(workspace)
    model = settings.model(name)
    fit = model.fit.model_copy(update={"optimizer": optimizer("Adam"), "warmup": None})
    update = {"fit": fit, **({} if augmented else {"augment": ()})}
    runtime.start(settings.seed, precision)
    ready = setup.prepare(model.model_copy(update=update), settings.image.policy, settings.seed, workspace)
    split = ready.batches.split
    split.parts, split.starts = [np.concatenate(split.parts)], np.array([0, len(split)])
    return ready


def streamed(ready: Setup, make: Callable[[], Iterator[Batch]]) -> float:
    """Seconds of an epoch over the batches that `make` yields."""
    batches = ready.batches
    return timed(ready.model, x=backend.dataset(make, batches.shapes, []), steps_per_epoch=batches.per_epoch, shuffle=False)


def timed(model: keras.Model, **fit: Any) -> float:
    """Seconds from the start of an epoch to its end."""
    times: list[float] = []

    def tick(*_: object) -> None:
        times.append(time.perf_counter())

    model.fit(**fit, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=tick, on_epoch_end=tick)])
    return times[1] - times[0]
