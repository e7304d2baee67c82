"""The base class of every section of params.yaml and of a catalog entry, and the types that several of them use."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A mapping with fixed keys: none may be missing, unknown or of another type."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def as_tuple(value: Any) -> Any:
    """A list as a tuple: YAML only has lists, and a frozen section holds tuples."""
    return tuple(value) if isinstance(value, list) else value


def as_yaml(value: Any) -> str:
    """A value as it would be written in a YAML file."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return str(dict(value))
    return str(list(value) if isinstance(value, tuple) else value)


Positive = Annotated[int, Field(ge=1, lt=2**63)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
