"""How fast training is: the pipeline beside a bare Keras `fit` on the same arrays, bfloat16, and the same network in PyTorch.

    python -m benchmarks.training [--models classical cnn] [--images 25600] [--rounds 5] [--torch PYTHON]

One epoch each in turn, after one uncounted round, every way with Adam, uint8 images and the batch size of params.yaml. The
clock runs from the epoch's begin to its end. bfloat16 is given a tenth of the images: without hardware for it, it takes long.
PyTorch runs in the process of PYTHON, an interpreter that has it. How long the device waits for data is the share by which an
epoch with augmentation is longer than one over such batches kept ready. Writes benchmarks/training.json. Needs data/prepared
(`dvc repro preprocess`).
"""

import argparse
import contextlib
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import machine, torch_rival
from benchmarks.ratios import rates, ratio
from darkroom import config
from darkroom.config.named_call import optimizer
from darkroom.core import artifacts, paths
from darkroom.data.shards import Shards
from darkroom.launch import backend
from darkroom.training import setup
from darkroom.training.batches import Batch, one_hot, stream
from darkroom.training.input_pipeline import source

if TYPE_CHECKING:
    import keras

COLUMNS = ["model", "way", "images/s (median)", "lowest to highest", "ratio of a round (median, lowest to highest)"]
BARE, OURS, LOWER, RIVAL = "bare `fit` on arrays", "this pipeline", "this pipeline, bfloat16", "PyTorch, the same network"
AUGMENTED, READY = "this pipeline, augmented", "the same batches kept ready"
AGAINST = {OURS: BARE, LOWER: OURS, RIVAL: OURS, AUGMENTED: READY}
LONG = 1000  # epochs, of which as many are made as there are rounds
Epoch = Callable[[], float]


def main() -> None:
    """Measures every way of every model, round by round, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["classical", "cnn"], choices=list(config.load().models))
    parser.add_argument("--images", type=int, default=25600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter that has PyTorch")
    chosen = parser.parse_args()
    backend.start(config.load().seed, config.load().training.backend)
    rows = [row for model in chosen.models for row in measured(model, chosen)]
    content = {
        "title": f"Training with Adam, {chosen.rounds} interleaved rounds of {chosen.images} images",
        "columns": COLUMNS,
        "rows": rows,
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.training", *(word for word in sys.argv[1:] if word != chosen.torch)]),
    }
    artifacts.write_json(Path("benchmarks/training.json"), content)
    print(*rows, sep="\n")


def measured(name: str, chosen: argparse.Namespace) -> list[list[str]]:
    """The rows of one model."""
    split, tenth = (first(Shards(paths.prepared("train")), images) for images in (chosen.images, chosen.images // 10))
    ways = {BARE: bare(name, split), OURS: ours(name, split), LOWER: ours(name, tenth, "mixed_bfloat16")}
    if config.load().models[name].augment:
        ways |= {AUGMENTED: ours(name, split, augmented=True), READY: ready(name, split)}
    with contextlib.ExitStack() as ends:
        if chosen.torch:
            ways[RIVAL] = ends.enter_context(torch_rival.epochs(chosen.torch, split, config.load().models[name]))
        images = {way: len(tenth if way == LOWER else split) for way in ways}
        rounds = [{way: images[way] / epoch() for way, epoch in ways.items()} for _ in range(chosen.rounds + 1)][1:]
    rows = [[name, way, *rates([it[way] for it in rounds]), against(way, rounds)] for way in ways]
    if AUGMENTED in ways:
        waits = [100 * (1 - it[AUGMENTED] / it[READY]) for it in rounds]
        told = f"{statistics.median(waits):.0f} % ({min(waits):.0f} to {max(waits):.0f})"
        rows.append([name, "share of time the device waits for augmented data", "", "", told])
    return rows


def first(split: Shards, images: int) -> Shards:
    """The first images of a split, in memory."""
    split.parts, split.labels = [np.array(split.parts[0][:images])], split.labels[:images]
    split.starts = np.array([0, len(split.labels)])
    return split


def prepared(name: str, split: Shards, precision: str = "float32", augmented: bool = True) -> setup.Task:
    """The model's task, with Adam, with or without its augmentation."""
    settings = config.load()
    model, where = settings.model(name), config.place("models", name)
    fit = model.fit.model_copy(update={"optimizer": optimizer("Adam"), "warmup": None})
    update = {"fit": fit, **({} if augmented else {"augment": ()})}
    backend.start(settings.seed, settings.training.backend, precision)
    return setup.prepare(model.model_copy(update=update), settings.image.policy, settings.seed, split, where)


def bare(name: str, split: Shards) -> Epoch:
    """Keras's own `fit` on arrays."""
    made = prepared(name, split, augmented=False)
    targets = one_hot(split.labels, made.model.output_shape[1])
    return lambda: timed(made.model, x=split.parts[0], y=targets, batch_size=made.batches.size)


def ours(name: str, split: Shards, precision: str = "float32", augmented: bool = False) -> Epoch:
    """The batches of the train stage; each epoch is the next one of a training."""
    made = prepared(name, split, precision, augmented)
    whole = stream(made.batches, LONG, config.load().training.workers)
    return lambda: streamed(made, lambda: itertools.islice(whole, made.batches.per_epoch))


def ready(name: str, split: Shards) -> Epoch:
    """Augmented batches that were made before the clock ran."""
    made = prepared(name, split)
    kept = [made.batches(0, batch) for batch in range(made.batches.per_epoch)]
    return lambda: streamed(made, lambda: iter(kept))


def streamed(made: setup.Task, make: Callable[[], Iterator[Batch]]) -> float:
    """Seconds of an epoch over the batches that `make` yields."""
    return timed(made.model, x=source(make, made.batches.shapes), steps_per_epoch=made.batches.per_epoch, shuffle=False)


def timed(model: "keras.Model", **fit: Any) -> float:
    """Seconds from the begin of an epoch to its end."""
    import keras

    times: list[float] = []

    def tick(*_: object) -> None:
        times.append(time.perf_counter())

    model.fit(**fit, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=tick, on_epoch_end=tick)])
    return times[1] - times[0]


def against(way: str, rounds: list[dict[str, float]]) -> str:
    """How fast a way is beside the one that it is held to; each round has the images/s of every way."""
    if way not in AGAINST:
        return "1"
    return ratio([it[way] / it[AGAINST[way]] for it in rounds]) + f" of {AGAINST[way].replace('`', '')}"


if __name__ == "__main__":
    main()
