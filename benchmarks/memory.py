"""How much memory a training takes on data that is larger than memory: shards are mapped, nothing is loaded whole.

    python -m benchmarks.memory [--gigabytes 20] [--side 64] [--steps 500]

Writes random colour images as shards to a folder of its own, trains a small network on them with the batches of the train
stage, and reads the anonymous resident memory (RssAnon) on the way: mapped pages are the system's to take back. Writes
benchmarks/memory.json. Linux only; needs that much space on the disk of the temporary folder.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import machine
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
    """A split of that many random images, a shard at a time; the same block of noise, moved on from shard to shard."""
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (1024, side, side, 3), np.uint8)
    images = (np.roll(noise[number % 1024], number // 1024) for number in range(count))
    shards.write(folder, images, generator.integers(0, CLASSES, count))
    return Shards(folder)


def trained(split: Shards, steps: int, workspace: Workspace) -> tuple[int, int]:
    """Trains that many steps; anonymous memory in bytes before the first and at most."""
    settings = config.load(workspace)
    chosen, place = settings.model("cnn"), settings.at("models", "cnn")
    backend.configure()
    with backend.quiet_import():
        from keras.callbacks import LambdaCallback

        from darkroom.training import fit, network, optimizers, runtime
        from darkroom.training.batches import Batches
        from darkroom.training.setup import Setup
    runtime.start(settings.seed)
    side, _, channels = split.shape
    model = network.build(chosen, ImagePolicy(side, side, channels, "stretch", "area", (0, 0, 0), 10**8), CLASSES, place)
    batches = Batches(split, chosen.fit.batch_size, settings.seed, chosen.augment, np.ones(CLASSES, np.float32))
    optimizers.compile_model(model, chosen.fit, batches.per_epoch, place.at("fit"))
    readings: list[int] = []
    watch = LambdaCallback(on_train_batch_begin=lambda batch, logs: readings.append(anonymous()))  # noqa: ARG005
    fit.probe(Setup(model, batches, chosen.fit, place.at("fit")), steps, watch)
    return readings[0], max(readings)


def anonymous() -> int:
    """RssAnon of this process in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


if __name__ == "__main__":
    main()
