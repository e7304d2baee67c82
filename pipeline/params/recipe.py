"""What a file of data/catalog/ may say: where a data set comes from and how to know that it is the right one."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from pipeline.params.schema import Section, as_tuple

Text = Annotated[str, Field(min_length=1)]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


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


Source = Url | DebianPackage | Bundled


class Recipe(Section):
    """A data set of the catalog: the files by name with the SHA-256 of their decompressed content."""

    title: Text
    homepage: Text
    licence: Text
    citation: Text
    format: Literal["idx", "npz", "npy"]
    classes: Annotated[tuple[Text, ...], BeforeValidator(as_tuple), Field(min_length=2)]
    files: Annotated[dict[FileName, Sha256], Field(min_length=1)]
    sources: Annotated[tuple[Source, ...], BeforeValidator(as_tuple), Field(min_length=1)]
