"""Assigns to every section and every named call of a checked file its place: file, line and key."""

from collections.abc import Mapping

from darkroom.config.base import Section
from darkroom.config.named_call import NamedCall
from darkroom.core.yaml_source import Place


def assign(value: object, place: Place) -> None:
    """Sets the place of `value` and of everything in it. No other code changes a checked value."""
    if isinstance(value, NamedCall):
        object.__setattr__(value, "place", place.at(value.name))
        for name, argument in value.arguments.items():
            assign(argument, value.place.at(name))
    elif isinstance(value, Section):
        value._place = place
        for name in type(value).model_fields:
            assign(getattr(value, name), place.at(name))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            assign(item, place.at(name))
    elif isinstance(value, tuple):
        for position, item in enumerate(value):
            assign(item, place.at(position))
