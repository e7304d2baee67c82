"""params.yaml and the recipes of data/catalog/: read as DVC reads them, checked to the last key, frozen.

This package is the only reader of YAML. `python -m pipeline.params` checks the whole file.
"""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from pipeline import paths
from pipeline.errors import Refusal
from pipeline.params import complaints, source
from pipeline.params.recipe import Recipe
from pipeline.params.schema import Params
from pipeline.params.section import Section
from pipeline.params.source import Place

__all__ = ["RECIPES", "Params", "Place", "Recipe", "load", "load_recipe", "place"]

RECIPES = (".yaml", ".yml")  # a dataset of such a name is a recipe; any other lies here already

Checked = TypeVar("Checked", bound=Section)


def load(path: Path = paths.PARAMS) -> Params:
    """The checked params.yaml. Raises Refusal with one line for each mistake in it."""
    return _checked(path, Params)


def place(*where: str | int) -> Place:
    """A place in params.yaml, for the mistakes that only the libraries can find: it knows its line."""
    return Place(source.read(paths.PARAMS), where)


def load_recipe(path: Path) -> Recipe:
    """A checked recipe of the catalog. Raises Refusal with one line for each mistake in it, or where there is none."""
    if not path.exists():
        known = sorted(str(file) for file in paths.CATALOG.glob("*.yaml"))
        raise Refusal(f"{paths.PARAMS}: dataset: {path}: no such recipe{complaints.nearest(path, known)}")
    return _checked(path, Recipe)


def _checked(path: Path, schema: type[Checked]) -> Checked:
    read = source.read(path)
    try:
        return schema.model_validate(read.values)
    except ValidationError as error:
        raise Refusal("\n".join(complaints.lines(error, read, schema))) from None
