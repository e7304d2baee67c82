"""The schema of a catalog entry, a file of data/catalog/: where a data set comes from, its checksums, its classes."""

from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag
from pydantic_core import PydanticCustomError

from darkroom.config.arguments import mistake
from darkroom.config.base import Section, as_tuple

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")  # in upper or lower case

Text = Annotated[str, Field(min_length=1)]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
WebAddress = Annotated[str, StringConstraints(pattern=r"^https?://[\w.-]+(:\d+)?(/[!-~]*)?$")]
Checksum = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64}|[0-9a-f]{32})$")]


class Url(Section):
    """A URL; `{file}` in it is replaced by the name of each file."""

    url: WebAddress


def _inside(folder: str) -> str:
    path = PurePosixPath(folder)
    if path.is_absolute() or ".." in path.parts:
        raise PydanticCustomError("folder", "a folder inside the package is needed: a relative path without `..`")
    return folder


class DebianPackage(Section):
    """A Debian package, and the folder in it that holds the files."""

    debian: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]
    folder: Annotated[Text, AfterValidator(_inside)]


class Bundled(Section):
    """Arrays that scikit-learn ships: the name of the loading function in `sklearn.datasets`."""

    scikit_learn: Literal["load_digits"]


def _source_tag(value: object) -> str:
    """The tag of the union member that matches a source, by its distinctive key. With tags a mistake is reported once."""
    if isinstance(value, Section):
        return type(value).__name__
    keys = value if isinstance(value, dict) else ()
    return "DebianPackage" if "debian" in keys else "Bundled" if "scikit_learn" in keys else "Url"


def _archive_alone(files: dict[str, str]) -> dict[str, str]:
    for name in files:
        if name.lower().endswith(ARCHIVE_SUFFIXES) and len(files) > 1:
            raise mistake("refused", "an archive is unpacked into a folder of its own: it must be the only file", (name,))
    return files


def _distinct(classes: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(classes)) < len(classes):
        raise PydanticCustomError("classes", "each class needs a different name")
    return classes


Source = Annotated[
    Annotated[Url, Tag("Url")] | Annotated[DebianPackage, Tag("DebianPackage")] | Annotated[Bundled, Tag("Bundled")],
    Discriminator(_source_tag),
]


class CatalogEntry(Section):
    """A data set of the catalog. `classes` are the names of the labels 0, 1, 2 and so on.

    `files` maps each file's name to its checksum, SHA-256 (64 digits) or MD5 (32 digits): of the file as delivered or, if it is
    compressed with gzip, of its decompressed content. An archive must be the only file.
    """

    title: Text
    homepage: WebAddress
    licence: Text
    citation: Text
    classes: Annotated[tuple[Text, ...], BeforeValidator(as_tuple), Field(min_length=2), AfterValidator(_distinct)]
    files: Annotated[dict[FileName, Checksum], Field(min_length=1), AfterValidator(_archive_alone)]
    sources: Annotated[tuple[Source, ...], BeforeValidator(as_tuple), Field(min_length=1)]
