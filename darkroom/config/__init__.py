"""params.yaml and the entries of data/catalog/: read as DVC reads them, checked against a schema, frozen."""

from pathlib import Path

from pydantic import ValidationError

from darkroom.config import messages
from darkroom.config.catalog import CatalogEntry
from darkroom.config.schema import Params
from darkroom.core import yaml_source
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.core.yaml_source import Place, Source

__all__ = ["CatalogEntry", "Params", "Place", "catalog_entry", "checked", "is_catalog_entry", "load", "load_file"]


def load(workspace: Workspace) -> Params:
    """The checked parameters of a workspace. Raises DarkroomError with one line per mistake in them."""
    return load_file(workspace.params)


def load_file(path: Path) -> Params:
    """A checked params.yaml. Raises DarkroomError with one line per mistake in it."""
    return checked(yaml_source.read(path))


def checked(source: Source) -> Params:
    """The parameters in a parsed params.yaml. Raises DarkroomError with one line per mistake in them."""
    try:
        return Params.model_validate(source.values).from_source(source)
    except ValidationError as error:
        raise _mistakes(error, source, Params) from None


def is_catalog_entry(dataset: str) -> bool:
    """Whether `dataset:` names a catalog entry; otherwise it names a local data set."""
    return Path(dataset).suffix.lower() in (".yaml", ".yml")


def catalog_entry(dataset: str, workspace: Workspace) -> CatalogEntry:
    """The checked catalog entry that `dataset:` names.

    Raises DarkroomError if there is no such entry, or with one line per mistake in it.
    """
    path = workspace.dataset(dataset)
    if not path.exists():
        entries = sorted(file.relative_to(workspace.root).as_posix() for file in workspace.catalog.glob("*.yaml"))
        raise DarkroomError(
            f"{workspace.params}: dataset: {dataset}: no such catalog entry{messages.nearest(dataset, entries)}"
        )
    source = yaml_source.read(path)
    try:
        return CatalogEntry.model_validate(source.values)
    except ValidationError as error:
        raise _mistakes(error, source, CatalogEntry) from None


def _mistakes(error: ValidationError, source: Source, schema: type[Params | CatalogEntry]) -> DarkroomError:
    return DarkroomError("\n".join(messages.lines(error, source, schema)))
