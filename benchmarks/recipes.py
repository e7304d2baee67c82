"""Accuracy and time of a recipe: its whole pipeline, from download to report, once per seed, in copies of the project.

    python -m benchmarks.recipes [default | fast | strong | top | top_gpu] [--seeds 0 1 2]

`default` is params.yaml itself; the others are composed from it and a file in recipes/. The seed determines the validation
split, the initial weights, the order of the images and their augmentation. Writes benchmarks/recipes/NAME.json; the standard
deviation is that of a sample.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks import machine
from benchmarks.pipeline import copy_project, cost, edit_params, stages
from darkroom import config
from darkroom.config import recipe
from darkroom.core import artifacts
from darkroom.core.workspace import Workspace

DEFAULT = "default"
COLUMNS = ["model", "seed", "test accuracy", "validation accuracy in training", "inside fit, s", "whole pipeline, s"]


def main() -> None:
    """Runs the seeds one after the other and writes the table."""
    workspace = Workspace.at()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default=DEFAULT, choices=[DEFAULT, *recipe.available(workspace)])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    chosen = parser.parse_args()
    if len(set(chosen.seeds)) < len(chosen.seeds):
        parser.error("--seeds: each must differ from the others")
    text = workspace.params.read_text()
    if chosen.recipe != DEFAULT:
        text = recipe.compose(recipe.find(chosen.recipe, workspace), workspace.params)
    table = pd.DataFrame([row for seed in chosen.seeds for row in run(text, seed)])
    content = {
        "title": f"The recipe {chosen.recipe} with {len(chosen.seeds)} seed{'s' if len(chosen.seeds) > 1 else ''}",
        "columns": COLUMNS,
        "rows": rows(table),
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.recipes", *sys.argv[1:]]),
    }
    artifacts.write_json(Path("benchmarks/recipes") / f"{chosen.recipe}.json", content)
    print(*content["rows"], sep="\n")


def run(params: str, seed: int) -> list[dict[str, object]]:
    """One row per model: its accuracies, the seconds inside its `fit`, and those of the whole pipeline."""
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_project(Path(folder))
        copy.params.write_text(params)
        edit_params(copy, r"(?m)^seed: \d+", f"seed: {seed}")
        models = list(config.load(copy).models)
        costs = {words: cost(folder, f"pipeline.{words[0]}", *words[1:]) for words in stages(models)}
        whole = sum(used.wall for used in costs.values())
        return [{**accuracies(copy, model, seed), "fit": costs["train", model].fit, "whole": whole} for model in models]


def accuracies(workspace: Workspace, model: str, seed: int) -> dict[str, object]:
    """Test accuracy of the published file, and validation accuracy in the last epoch of training, without averaging."""
    test = artifacts.read_json(workspace.metrics(model))["accuracy"]
    validation = pd.read_csv(workspace.history(model))["val_accuracy"].iloc[-1]
    return {"model": model, "seed": seed, "test": test, "validation": validation}


def rows(table: pd.DataFrame) -> list[list[str]]:
    """One row per run, model by model, with the mean of each model after its runs."""
    lines = []
    for model, runs in table.groupby("model", sort=False):
        for one in runs.itertuples():
            accuracy = [f"{one.test:.4f}", f"{one.validation:.4f}"]
            lines.append([str(model), str(one.seed), *accuracy, f"{one.fit:.0f}", f"{one.whole:.0f}"])
        if len(runs) > 1:
            means = [f"{runs[key].mean():.4f} ± {runs[key].std():.4f}" for key in ("test", "validation")]
            lines.append([str(model), "mean ± standard deviation", *means, f"{runs['fit'].mean():.0f}", ""])
    return lines


if __name__ == "__main__":
    main()
