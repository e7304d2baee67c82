"""params.yaml and the entries of data/catalog/: read as DVC reads them, checked against a schema, frozen."""

from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from darkroom.config import messages
from darkroom.config.catalog import CatalogEntry
from darkroom.config.places import assign
from darkroom.config.schema import Params
from darkroom.core import yaml_source
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.core.yaml_source import Place, Source

__all__ = [
    "CatalogEntry",
    "Params",
    "catalog_entry",
    "checked",
    "is_catalog_entry",
    "load",
    "load_file",
    "local_data",
    "params_file",
]

Schema = TypeVar("Schema", Params, CatalogEntry)


def load(workspace: Workspace) -> Params:
    """The checked parameters of a workspace. Raises DarkroomError with one line per mistake in them."""
    return load_file(params_file(workspace))


def params_file(workspace: Workspace) -> Path:
    """The path of params.yaml. Raises DarkroomError, with advice, if the checkout's own file is missing."""
    if workspace.params == workspace.root / "params.yaml" and not workspace.params.exists():
        raise DarkroomError(f"{workspace.params}: no such file; run the command in a checkout of Darkroom")
    return workspace.params


def load_file(path: Path) -> Params:
    """A checked params.yaml. Raises DarkroomError with one line per mistake in it."""
    return checked(yaml_source.read(path), Params)


def is_catalog_entry(dataset: str) -> bool:
    """Whether `dataset:` names a catalog entry; otherwise it names a local data set."""
    return Path(dataset).suffix.lower() in (".yaml", ".yml")


def catalog_entry(dataset: str, workspace: Workspace) -> CatalogEntry:
    """The checked catalog entry that `dataset:` names.

    Raises DarkroomError if there is no such entry, or with one line per mistake in it.
    """
    path = workspace.dataset(dataset)
    if not path.exists():
        nearest = _nearest_entry(dataset, workspace)
        raise DarkroomError(f"{workspace.params}: dataset: {dataset}: no such catalog entry{nearest}")
    return checked(yaml_source.read(path), CatalogEntry)


def local_data(dataset: str, workspace: Workspace) -> Path:
    """The path of the local data set that `dataset:` names. Raises DarkroomError if it does not exist."""
    path = workspace.dataset(dataset)
    if not path.exists():
        raise DarkroomError(f"{dataset}: no such file or folder{_nearest_entry(dataset, workspace)}")
    return path


def _nearest_entry(dataset: str, workspace: Workspace) -> str:
    """`; did you mean data/catalog/cifar10.yaml?` for a `dataset:` that does not exist; empty if no name is close."""
    entries = {file.stem: file.relative_to(workspace.root).as_posix() for file in sorted(workspace.catalog.glob("*.yaml"))}
    return "".join(f"; did you mean {entries[stem]}?" for stem in get_close_matches(Path(dataset).stem, entries, n=1))


def checked(source: Source, schema: type[Schema]) -> Schema:
    """The values of a parsed file, checked against `schema`. Raises DarkroomError with one line per mistake in them."""
    try:
        values = schema.model_validate(source.values)
    except ValidationError as error:
        raise DarkroomError(*messages.lines(error, source, schema)) from None
    assign(values, Place(source, ()))
    return values
