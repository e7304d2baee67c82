"""The shelf: every recipe is a sound params.yaml, like the default but for its models, and its header says what was measured."""

import json
from pathlib import Path

import pytest

from darkroom import config
from tests.conftest import ROOT

SHELF = sorted((ROOT / "recipes").glob("*.yaml"))
OWN = {"training", "models"}
HELD_OUT = {"top": 0.05}  # for validation, where that is not the default's share


def header(recipe: Path) -> str:
    """The comment that a recipe begins with, as one line."""
    lines = recipe.read_text().split("\n\n")[0].splitlines()
    assert all(line.startswith("# ") for line in lines)
    return " ".join(line.removeprefix("# ") for line in lines)


def measured(recipe: Path) -> list[list[str]] | None:
    """The rows of its benchmark, if it was run."""
    table = ROOT / "benchmarks" / "recipes" / f"{recipe.stem}.json"
    return json.loads(table.read_text())["rows"] if table.exists() else None


@pytest.mark.parametrize("recipe", SHELF, ids=lambda path: path.stem)
def test_a_recipe_is_sound_and_differs_from_the_default_in_its_models_only(recipe: Path) -> None:
    loaded, default = config.load(recipe), config.load(ROOT / "params.yaml")
    share = HELD_OUT.get(recipe.stem, default.preprocess.validation)
    default = default.model_copy(update={"preprocess": default.preprocess.model_copy(update={"validation": share})})
    for section in set(type(default).model_fields) - OWN:
        assert getattr(loaded, section) == getattr(default, section), section


@pytest.mark.parametrize("recipe", SHELF, ids=lambda path: path.stem)
def test_a_header_says_how_to_run_it_and_what_it_gave(recipe: Path) -> None:
    told = header(recipe)
    assert f"cp recipes/{recipe.name} params.yaml && dvc repro" in told
    rows = measured(recipe)
    if rows is None:
        assert "Not measured yet" in told
        return
    last = [row for row in rows if row[0] == rows[-1][0]][-1]
    assert f"test accuracy {last[2]}" in told
    assert f"{last[4]} s inside fit" in told
    seeds = [row[1] for row in rows if row[0] == rows[-1][0] and row[1].isdigit()]
    assert f"seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}" in told
    machine = json.loads((ROOT / "benchmarks" / "recipes" / f"{recipe.stem}.json").read_text())["machine"]
    assert machine in told


@pytest.mark.parametrize("recipe", SHELF, ids=lambda path: path.stem)
def test_the_readme_says_what_a_recipe_gave(recipe: Path) -> None:
    (row,) = (line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith(f"| `{recipe.stem}` |"))
    rows = measured(recipe)
    assert (rows[-1][2] if rows else "not measured yet") in row
