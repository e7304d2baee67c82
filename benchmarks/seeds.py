"""How much of a model's test accuracy is luck: the whole way from download to evaluate for several seeds.

    python -m benchmarks.seeds [--model cnn] [--seeds 0 1 2]

The seed draws the validation split, the weights, the order of the images and their augmentation. Works in a copy of the project
and writes benchmarks/seeds.json. The mean and the sample standard deviation are over the seeds.
"""

import argparse
import json
import re
import statistics
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks import machine
from benchmarks.pipeline import copy_project, cost
from pipeline import artifacts, params, paths

STAGES = ("download", "preprocess", "train", "export", "verify", "evaluate")


def main() -> None:
    """Runs the seeds one after the other and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="cnn", choices=list(params.load().models))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    chosen = parser.parse_args()
    found = [outcome(chosen.model, seed) for seed in chosen.seeds]
    content = {
        "title": f"{chosen.model} with {len(found)} seeds",
        "columns": ["seed", "test accuracy", "validation accuracy", "inside fit, s"],
        "rows": [[str(seed), f"{test:.4f}", f"{val:.4f}", f"{fit:.0f}"] for seed, test, val, fit in found] + [spread(found)],
        "machine": machine.describe(),
        "command": f"python -m benchmarks.seeds --model {chosen.model}",
    }
    artifacts.write_json(Path("benchmarks/seeds.json"), content)
    print(*content["rows"], sep="\n")


def outcome(model: str, seed: int) -> tuple[int, float, float, float]:
    """Seed, accuracy on test, accuracy on validation after the last epoch, seconds inside `fit`."""
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        file = Path(folder) / paths.PARAMS
        file.write_text(re.sub(r"(?m)^seed: \d+$", f"seed: {seed}", file.read_text()))
        costs = [cost(folder, f"pipeline.{stage}", *([model] * (stage in STAGES[2:]))) for stage in STAGES]
        test = json.loads((Path(folder) / paths.metrics(model)).read_text())["accuracy"]
        validation = pd.read_csv(Path(folder) / paths.history(model))["val_accuracy"].iloc[-1]
    return seed, test, float(validation), sum(it.fit for it in costs)


def spread(found: list[tuple[int, float, float, float]]) -> list[str]:
    """The last row: mean and standard deviation of each column."""
    columns = list(zip(*found, strict=True))[1:]
    mean, deviation = [statistics.mean(it) for it in columns], [statistics.stdev(it) for it in columns]
    pairs = [f"{m:.4f} ± {d:.4f}" for m, d in zip(mean[:2], deviation, strict=False)]
    return ["mean and standard deviation", *pairs, f"{mean[2]:.0f} ± {deviation[2]:.0f}"]


if __name__ == "__main__":
    main()
