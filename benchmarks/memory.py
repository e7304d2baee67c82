"""Memory of a training on data larger than memory: shards are memory-mapped, never loaded whole.

    python -m benchmarks.memory [--gigabytes 20] [--side 64] [--steps 500]

Writes random colour images as shards to a temporary folder, trains a small network on them with the input pipeline of the
train stage, and reads the anonymous resident memory (RssAnon) before each batch. Writes benchmarks/memory.json. Linux only;
needs `--gigabytes` of disk space in the temporary folder.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import machine
from benchmarks.rss import anonymous
from darkroom import config
from darkroom.core import artifacts
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.launch import backend

CLASSES, GIGA = 10, 10**9


def main() -> None:
    """Writes the data, trains, and writes what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=20)
    parser.add_argument("--side", type=int, default=64, help="height and width of the images")
    parser.add_argument("--steps", type=int, default=500)
    chosen = parser.parse_args()
    workspace = Workspace.at()
    with tempfile.TemporaryDirectory() as folder:
        split = written(Path(folder), round(chosen.gigabytes * GIGA / (chosen.side**2 * 3)), chosen.side)
        before, most = trained(split, chosen.steps, workspace)
    size = f"{len(split) * chosen.side**2 * 3 / GIGA:.1f}"
    content = {
        "title": "Memory of a training on data larger than memory",
        "columns": ["images", "on disk, GB", "steps", "RssAnon before the first step, GB", "RssAnon at most, GB"],
        "rows": [[str(len(split)), size, str(chosen.steps), f"{before / GIGA:.2f}", f"{most / GIGA:.2f}"]],
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.memory", *sys.argv[1:]]),
    }
    artifacts.write_json(workspace.benchmark("memory"), content)
    print(content["rows"][0])


def written(folder: Path, count: int, side: int) -> Shards:
    """A split of `count` random images: 1024 images of noise, repeated, each time rolled by one more value."""
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (1024, side, side, 3), np.uint8)
    images = (np.roll(noise[number % 1024], number // 1024) for number in range(count))
    shards.write(folder, images, generator.integers(0, CLASSES, count))
    return Shards(folder)


def trained(split: Shards, steps: int, workspace: Workspace) -> tuple[int, int]:
    """Trains for `steps` batches; anonymous memory in bytes before the first one, and its maximum."""
    settings = config.load(workspace)
    chosen = settings.model("cnn")
    backend.configure()
    with backend.quiet_import():
        from keras.callbacks import LambdaCallback

        from darkroom.training import fit, network, optimizers, runtime
        from darkroom.training.batches import Batches
        from darkroom.training.setup import Setup
    runtime.start(settings.seed)
    side, _, channels = split.shape
    model = network.build(chosen, ImagePolicy(side, side, channels, "stretch", "area", (0, 0, 0), 10**8), CLASSES)
    batches = Batches(split, chosen.fit.batch_size, settings.seed, chosen.augment, np.ones(CLASSES, np.float32))
    optimizers.compile_model(model, chosen.fit, batches.per_epoch)
    readings: list[int] = []
    watch = LambdaCallback(on_train_batch_begin=lambda batch, logs: readings.append(anonymous(os.getpid())))  # noqa: ARG005
    fit.probe(Setup(model, batches, chosen.fit), steps, watch)
    return readings[0], max(readings)


if __name__ == "__main__":
    main()
