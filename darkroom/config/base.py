"""The base class of every section of params.yaml and of a catalog entry, and the types that several of them use."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from darkroom.core.yaml_source import NOWHERE, Place


class Section(BaseModel):
    """A mapping with fixed keys and strict types, and its place in the file. Unknown keys are errors."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    _place: Place = PrivateAttr(default=NOWHERE)

    def __eq__(self, other: object) -> bool:
        """Compares the values, not their places."""
        return type(self) is type(other) and vars(self) == vars(other)

    @property
    def place(self) -> Place:
        """The place of this section in its file, for mistakes that show only in Keras, Albumentations or the data."""
        return self._place

    def at(self, *steps: str | int) -> Place:
        """The place of a value of this section."""
        return self._place.at(*steps)


def as_tuple(value: object) -> object:
    """A list as a tuple: YAML has only lists, and a frozen section holds tuples."""
    return tuple(value) if isinstance(value, list) else value


def as_yaml(value: object) -> str:
    """A value much as YAML writes it, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return str(dict(value))
    return str(list(value) if isinstance(value, tuple) else value)


Positive = Annotated[int, Field(ge=1, lt=2**63)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
