"""A class of Keras or Albumentations with its arguments, as params.yaml names it: `Flatten`, or `Dense: {units: 16}`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from darkroom.core.transforms import Step
from darkroom.core.yaml_source import NOWHERE, Place


@dataclass(frozen=True)
class NamedCall:
    """The name of a class, its keyword arguments (tuples for lists, read-only mappings for dicts), and its place."""

    name: str
    arguments: Mapping[str, Any]
    place: Place = field(default=NOWHERE, compare=False, repr=False)

    def plain(self) -> dict[str, Any]:
        """The call as params.yaml writes it, in JSON types."""
        return {self.name: self.keywords()}

    def keywords(self) -> dict[str, Any]:
        """The arguments in JSON types."""
        return {key: _plain(value) for key, value in self.arguments.items()}

    def step(self) -> Step:
        """The call as a step of a chain of Albumentations transforms."""
        return Step(self.name, self.keywords(), str(self.place))


def frozen(value: object) -> Any:
    """An immutable copy of a YAML value: tuples for lists, read-only mappings for dicts."""
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return MappingProxyType({key: frozen(item) for key, item in value.items()}) if isinstance(value, dict) else value


def _plain(value: object) -> Any:
    if isinstance(value, NamedCall):
        return value.plain()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value
