"""Speed of training: the pipeline, a bare Keras `fit` on the same arrays, bfloat16, and the same network in PyTorch.

    python -m benchmarks.training [--models classical cnn] [--images 25600] [--rounds 5] [--torch PYTHON]

One epoch each in turn, after one round that is not counted; all with Adam, uint8 images and the batch size of params.yaml.
bfloat16 gets a tenth of the images, since it is slow without hardware support. PyTorch runs under PYTHON, an interpreter that
has it. The share of time that the device waits for data compares an epoch with augmentation to one over batches kept ready.
Writes benchmarks/training.json. Needs data/prepared (`dvc repro preprocess`).
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks import machine, subset
from benchmarks.ratios import rates, ratio
from darkroom import config
from darkroom.config.model import Model
from darkroom.core import artifacts
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.launch import backend

COLUMNS = ["model", "way", "images/s (median)", "lowest to highest", "ratio of a round (median, lowest to highest)"]
BARE, OURS, LOWER, TORCH = "bare `fit` on arrays", "this pipeline", "this pipeline, bfloat16", "PyTorch, the same network"
AUGMENTED, READY = "this pipeline, augmented", "the same batches kept ready"
AGAINST = {OURS: BARE, LOWER: OURS, TORCH: OURS, AUGMENTED: READY}


def main() -> None:
    """Measures every way of every model, round by round, and writes the table."""
    workspace = Workspace.at()
    settings = config.load(workspace)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["classical", "cnn"], choices=list(settings.models))
    parser.add_argument("--images", type=int, default=25600)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter that has PyTorch")
    chosen = parser.parse_args()
    backend.configure(settings.training.backend)
    with tempfile.TemporaryDirectory() as folder:
        whole = subset.write(workspace, Path(folder) / "whole", chosen.images)
        tenth = subset.write(workspace, Path(folder) / "tenth", chosen.images // 10)
        rows = [row for model in chosen.models for row in measured(model, whole, tenth, chosen.rounds, chosen.torch)]
    content = {
        "title": f"Training with Adam, {chosen.rounds} interleaved rounds of {chosen.images} images",
        "columns": COLUMNS,
        "rows": rows,
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.training", *(word for word in sys.argv[1:] if word != chosen.torch)]),
    }
    artifacts.write_json(workspace.benchmark("training"), content)
    print(*rows, sep="\n")


def measured(name: str, whole: Workspace, tenth: Workspace, rounds: int, python: str | None) -> list[list[str]]:
    """The rows of one model; bfloat16 trains on `tenth`, every other way on `whole`."""
    with backend.quiet_import():
        from benchmarks import epochs
    model, split = config.load(whole).model(name), Shards(whole.split("train"))
    ways = {
        BARE: epochs.bare(name, whole),
        OURS: epochs.ours(name, whole),
        LOWER: epochs.ours(name, tenth, "mixed_bfloat16"),
    }
    if model.augment:
        ways |= {AUGMENTED: epochs.ours(name, whole, augmented=True), READY: epochs.kept_ready(name, whole)}
    with contextlib.ExitStack() as stack:
        if python:
            ways[TORCH] = stack.enter_context(pytorch(python, split, model))
        images = {way: len(Shards(tenth.split("train")) if way == LOWER else split) for way in ways}
        speeds = [{way: images[way] / epoch() for way, epoch in ways.items()} for _ in range(rounds + 1)][1:]
    rows = [[name, way, *rates([speed[way] for speed in speeds]), against(way, speeds)] for way in ways]
    if AUGMENTED in ways:
        waits = [100 * (1 - speed[AUGMENTED] / speed[READY]) for speed in speeds]
        share = f"{statistics.median(waits):.0f} % ({min(waits):.0f} to {max(waits):.0f})"
        rows.append([name, "share of time the device waits for augmented data", "", "", share])
    return rows


@contextlib.contextmanager
def pytorch(python: str, split: Shards, model: Model) -> Iterator[Callable[[], float]]:
    """Starts `benchmarks.torch_baseline` under another interpreter; each call runs an epoch and returns its seconds."""
    layers = [call.plain() for call in model.layers or ()]
    task = {"layers": layers, "batch_size": model.fit.batch_size, "classes": int(split.labels.max()) + 1}
    with tempfile.NamedTemporaryFile(suffix=".npz") as arrays:
        np.savez(arrays, images=split.parts[0], labels=split.labels)
        arrays.flush()
        command = [python, "-m", "benchmarks.torch_baseline", arrays.name, json.dumps(task)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:

            def epoch() -> float:
                print("epoch", file=process.stdin, flush=True)
                return float(process.stdout.readline())  # type: ignore[union-attr]

            yield epoch
            process.communicate()


def against(way: str, speeds: list[dict[str, float]]) -> str:
    """The speed of a way relative to the one it is compared with; `speeds` are images/s by way, one entry per round."""
    if way not in AGAINST:
        return "1"
    return ratio([speed[way] / speed[AGAINST[way]] for speed in speeds]) + f" of {AGAINST[way].replace('`', '')}"


if __name__ == "__main__":
    main()
