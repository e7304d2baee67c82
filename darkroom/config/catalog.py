"""What a file of data/catalog/ may say: where a data set comes from and how to know that it is the right one."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag
from pydantic_core import PydanticCustomError

from darkroom.config.base import Section, as_tuple

Text = Annotated[str, Field(min_length=1)]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
Checksum = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64}|[0-9a-f]{32})$")]


class Url(Section):
    """An address; `{file}` in it stands for each file's name."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://")]


class DebianPackage(Section):
    """A package of the Debian archive, and the folder in it where the files lie."""

    debian: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]
    folder: Text


class Bundled(Section):
    """Arrays that scikit-learn ships: the name of the loader in `sklearn.datasets`."""

    scikit_learn: Literal["load_digits"]


def _kind(value: Any) -> str:
    """Which kind of source an entry is, by its telling key, so that a mistake in it is one line."""
    if isinstance(value, Section):
        return type(value).__name__
    keys = value if isinstance(value, dict) else ()
    return "DebianPackage" if "debian" in keys else "Bundled" if "scikit_learn" in keys else "Url"


def _distinct(classes: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(classes)) < len(classes):
        raise PydanticCustomError("classes", "every class must have a name of its own")
    return classes


Source = Annotated[
    Annotated[Url, Tag("Url")] | Annotated[DebianPackage, Tag("DebianPackage")] | Annotated[Bundled, Tag("Bundled")],
    Discriminator(_kind),
]


class CatalogEntry(Section):
    """A data set of the catalog. `classes` are the names of the labels 0, 1, 2 and so on.

    `files` gives each file's checksum, SHA-256 (64 digits) or MD5 (32): of the file as it is delivered or, where that
    is gzip, of what is in it.
    """

    title: Text
    homepage: Text
    licence: Text
    citation: Text
    classes: Annotated[tuple[Text, ...], BeforeValidator(as_tuple), Field(min_length=2), AfterValidator(_distinct)]
    files: Annotated[dict[FileName, Checksum], Field(min_length=1)]
    sources: Annotated[tuple[Source, ...], BeforeValidator(as_tuple), Field(min_length=1)]
