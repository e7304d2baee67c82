"""What every section of a YAML file of ours is made of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of params.yaml: no key may be missing, unknown or of another type."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def as_tuple(value: Any) -> Any:
    """YAML has lists only; a frozen section holds tuples."""
    return tuple(value) if isinstance(value, list) else value


def named(value: Any) -> str:
    """A value as a YAML file has it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return str(list(value) if isinstance(value, tuple) else value)


Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
