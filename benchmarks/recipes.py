"""What a recipe gives: its whole pipeline, seed by seed, from download to the report, in copies of the project.

    python -m benchmarks.recipes [default | fast | strong | top] [--seeds 0 1 2]

`default` is params.yaml, the others lie in recipes/. The seed draws the validation split, the weights, the order of the
images and their augmentation. Writes benchmarks/recipes/NAME.json; the standard deviation is that of a sample.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks import machine
from benchmarks.pipeline import copy_project, cost, edit_params
from darkroom import config
from darkroom.core import artifacts, paths

STAGES = ("train", "export", "verify", "quantize", "evaluate")
COLUMNS = ["model", "seed", "test accuracy", "validation accuracy in training", "inside fit, s", "whole pipeline, s"]


def main() -> None:
    """Runs the seeds one after the other and writes the table."""
    recipes = {"default": paths.PARAMS, **{path.stem: path for path in sorted(Path("recipes").glob("*.yaml"))}}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="default", choices=list(recipes))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    chosen = parser.parse_args()
    if len(set(chosen.seeds)) < len(chosen.seeds):
        parser.error("--seeds: each must differ from the others")
    table = pd.DataFrame([row for seed in chosen.seeds for row in run(recipes[chosen.recipe], seed)])
    content = {
        "title": f"The recipe {chosen.recipe} with {len(chosen.seeds)} seed{'s' if len(chosen.seeds) > 1 else ''}",
        "columns": COLUMNS,
        "rows": rows(table),
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.recipes", *sys.argv[1:]]),
    }
    artifacts.write_json(Path("benchmarks/recipes") / f"{chosen.recipe}.json", content)
    print(*content["rows"], sep="\n")


def run(recipe: Path, seed: int) -> list[dict[str, object]]:
    """A row a model: what it reached, the seconds inside its `fit`, and those of the whole pipeline."""
    with tempfile.TemporaryDirectory() as folder:
        copy_project(Path(folder))
        shutil.copy(recipe, Path(folder) / paths.PARAMS)
        edit_params(Path(folder), r"(?m)^seed: \d+", f"seed: {seed}")
        models = list(config.load(Path(folder) / paths.PARAMS).models)
        costs = {words: cost(folder, f"pipeline.{words[0]}", *words[1:]) for words in way(models)}
        whole = sum(it.wall for it in costs.values())
        return [{**figures(Path(folder), model, seed), "fit": costs["train", model].fit, "whole": whole} for model in models]


def way(models: list[str]) -> list[tuple[str, ...]]:
    """The stages in order."""
    each = [(stage, model) for model in models for stage in STAGES]
    return [("download",), ("preprocess",), *each, ("report",)]


def figures(folder: Path, model: str, seed: int) -> dict[str, object]:
    """Accuracy on test as it ships, and on validation in the last epoch, one pass an image."""
    test = json.loads((folder / paths.metrics(model)).read_text())["accuracy"]
    validation = pd.read_csv(folder / paths.history(model))["val_accuracy"].iloc[-1]
    return {"model": model, "seed": seed, "test": test, "validation": validation}


def rows(table: pd.DataFrame) -> list[list[str]]:
    """A row a run, model by model, each model's mean behind its runs."""
    found = []
    for model, runs in table.groupby("model", sort=False):
        for it in runs.itertuples():
            found.append(
                [str(model), str(it.seed), f"{it.test:.4f}", f"{it.validation:.4f}", f"{it.fit:.0f}", f"{it.whole:.0f}"]
            )
        if len(runs) > 1:
            means = [f"{runs[key].mean():.4f} ± {runs[key].std():.4f}" for key in ("test", "validation")]
            found.append([str(model), "mean ± standard deviation", *means, f"{runs['fit'].mean():.0f}", ""])
    return found


if __name__ == "__main__":
    main()
