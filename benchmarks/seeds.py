"""How much of a model's test accuracy is luck: the committed run beside others that differ in the seed alone.

    python -m benchmarks.seeds [--model cnn] [--seeds 1 2]

The seed draws the validation split, the weights, the order of the images and their augmentation. Each goes the whole way
from download to evaluate in a copy of the project. Writes benchmarks/seeds.json; the standard deviation is that of a sample.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks import machine
from benchmarks.pipeline import copy_project, cost, edit_params
from pipeline import artifacts, params, paths

DATA = ("download", "preprocess")
MODEL = ("train", "export", "verify", "quantize", "evaluate")


def main() -> None:
    """Runs the seeds one after the other and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="cnn", choices=list(params.load().models))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    chosen = parser.parse_args()
    if len({params.load().seed, *chosen.seeds}) <= len(chosen.seeds):
        parser.error(f"--seeds: each must differ from the others and from params.yaml's, {params.load().seed}")
    if subprocess.run(["dvc", "status", "--quiet", "--with-deps", f"evaluate@{chosen.model}"]).returncode:
        sys.exit(f"reports/ is not what params.yaml gives: run `dvc repro evaluate@{chosen.model}` first")
    here = figures(Path(), chosen.model)
    found = [trained(chosen.model, seed) for seed in chosen.seeds]
    table = pd.DataFrame([{"seed": params.load().seed, **here}, *found])
    content = {
        "title": f"{chosen.model} with {len(table)} seeds",
        "columns": ["seed", "test accuracy", "validation accuracy in training", "inside fit, s"],
        "rows": [*rows(table), ["mean ± standard deviation", *(spread(table[key]) for key in ("test", "validation")), ""]],
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.seeds", *sys.argv[1:]]),
    }
    artifacts.write_json(Path("benchmarks/seeds.json"), content)
    print(*content["rows"], sep="\n")


def figures(folder: Path, model: str) -> dict[str, float]:
    """What a finished run says: accuracy on test as it ships, and on validation in the last epoch, one pass an image."""
    test = json.loads((folder / paths.metrics(model)).read_text())["accuracy"]
    return {"test": test, "validation": pd.read_csv(folder / paths.history(model))["val_accuracy"].iloc[-1]}


def trained(model: str, seed: int) -> dict[str, float]:
    """A run with another seed: its figures, and the seconds inside `fit`."""
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        edit_params(Path(folder), r"(?m)^seed: \d+", f"seed: {seed}")
        costs = [cost(folder, f"pipeline.{stage}") for stage in DATA]
        costs += [cost(folder, f"pipeline.{stage}", model) for stage in MODEL]
        return {"seed": seed, **figures(Path(folder), model), "fit": sum(it.fit for it in costs)}


def rows(table: pd.DataFrame) -> list[list[str]]:
    """A row a seed; the committed run has no time."""
    fits = ["" if pd.isna(value) else f"{value:.0f}" for value in table["fit"]]
    columns = (table["seed"].astype(str), table["test"].map("{:.4f}".format), table["validation"].map("{:.4f}".format), fits)
    return [list(row) for row in zip(*columns, strict=True)]


def spread(values: "pd.Series[float]") -> str:
    """Mean and standard deviation."""
    return f"{values.mean():.4f} ± {values.std():.4f}"


if __name__ == "__main__":
    main()
