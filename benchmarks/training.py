"""How much our input pipeline costs: `classical`, without augmentation, against a bare Keras `fit` on the same arrays.

    python -m benchmarks.training [--images 25600] [--pairs 5]

One epoch each, in turn, A B A B ..., after one uncounted pair; same network, same batch size, uint8 arrays in memory.
The clock runs from the epoch's begin to its end; what happens once a training, before and after, is left out.
Writes benchmarks/training.json. Needs data/prepared (`dvc repro preprocess`).
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import machine
from pipeline import artifacts, params, paths
from pipeline.data.shards import Shards
from pipeline.train import compiled
from pipeline.training import runtime
from pipeline.training.batches import Batches, stream
from pipeline.training.fitting import dataset

if TYPE_CHECKING:
    import keras

MODEL = "classical"


def main() -> None:
    """Measures the pairs and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=25600)
    parser.add_argument("--pairs", type=int, default=5)
    chosen = parser.parse_args()
    settings = params.load()
    runtime.start(settings.seed)
    split = Shards(paths.prepared("train"))
    split.parts, split.labels = [np.array(split.parts[0][: chosen.images])], split.labels[: chosen.images]
    split.starts = np.array([0, len(split.labels)])
    size = settings.models[MODEL].fit.batch_size
    where = params.place("models", MODEL)
    bare, ours = (compiled(settings, MODEL, where, len(split) // size) for _ in range(2))
    batches = Batches(split, size, settings.seed, [], where)

    def run_bare(clock: "keras.callbacks.Callback") -> None:
        bare.fit(split.parts[0], split.labels, batch_size=size, epochs=1, verbose=0, callbacks=[clock])

    def run_ours(clock: "keras.callbacks.Callback") -> None:
        source = dataset(lambda: stream(batches, 1, settings.training.workers), ours.input_shape[1:])
        ours.fit(source, steps_per_epoch=batches.per_epoch, epochs=1, verbose=0, shuffle=False, callbacks=[clock])

    pairs = [(timed(run_bare), timed(run_ours)) for _ in range(chosen.pairs + 1)][1:]
    rows = [
        ["bare `fit` on arrays", *rates([pair[0] for pair in pairs], len(split)), "1"],
        ["this pipeline", *rates([pair[1] for pair in pairs], len(split)), ratio([a / b for a, b in pairs])],
    ]
    content = {
        "title": f"Training {MODEL} without augmentation, {chosen.pairs} interleaved pairs",
        "columns": ["input", "images/s (median)", "lowest to highest", "ratio of a pair (median, lowest to highest)"],
        "rows": rows,
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.training", *sys.argv[1:]]),
    }
    artifacts.write_json(Path("benchmarks/training.json"), content)
    print(*rows, sep="\n")


def timed(fit: Callable[["keras.callbacks.Callback"], None]) -> float:
    """Seconds from the begin of the epoch that `fit` runs to its end."""
    import keras

    times: list[float] = []

    def tick(*_: object) -> None:
        times.append(time.perf_counter())

    fit(keras.callbacks.LambdaCallback(on_epoch_begin=tick, on_epoch_end=tick))
    return times[1] - times[0]


def rates(seconds: list[float], images: int) -> list[str]:
    """Images per second: median, then the range."""
    found = sorted(images / value for value in seconds)
    return [f"{statistics.median(found):.0f}", f"{found[0]:.0f} to {found[-1]:.0f}"]


def ratio(values: list[float]) -> str:
    """Median and range of the pairs' ratios."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
