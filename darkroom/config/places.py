"""Every section and every named call of a checked file is told its place: the file, the line, the key."""

from collections.abc import Mapping

from darkroom.config.base import Section
from darkroom.config.named_call import NamedCall
from darkroom.core.yaml_source import Place


def settle(value: object, place: Place) -> None:
    """Sets the place of `value`, which is at `place`, and of everything in it. No other code changes a checked value."""
    if isinstance(value, NamedCall):
        object.__setattr__(value, "place", place.at(value.name))
        for name, argument in value.arguments.items():
            settle(argument, value.place.at(name))
    elif isinstance(value, Section):
        value._place = place
        for name in type(value).model_fields:
            settle(getattr(value, name), place.at(name))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            settle(item, place.at(name))
    elif isinstance(value, tuple):
        for position, item in enumerate(value):
            settle(item, place.at(position))
