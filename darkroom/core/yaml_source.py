"""YAML as DVC reads it (YAML 1.2, ruamel's safe loader), with the line of every value, for error messages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from darkroom.core.errors import DarkroomError, first_line

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A parsed YAML file: its name, its plain values and the 1-based line of each key and item."""

    name: str
    values: dict[str, Any]
    lines: dict[KeyPath, int]

    def line(self, keys: KeyPath) -> int:
        """The line of the value at `keys`, or of the innermost enclosing key that the file has."""
        while keys and keys not in self.lines:
            keys = keys[:-1]
        return self.lines.get(keys, 1)


@dataclass(frozen=True)
class Place:
    """A place in a YAML file that prints as `params.yaml:41: models.cnn.layers[3].Dropout`, the start of an error message."""

    source: Source
    keys: KeyPath

    def at(self, *steps: str | int) -> "Place":
        """The place of a key or an item below this one."""
        return Place(self.source, (*self.keys, *steps))

    def __str__(self) -> str:
        return f"{self.source.name}:{self.source.line(self.keys)}: {dotted(self.keys)}"


NOWHERE = Place(Source("params.yaml", {}, {}), ())  # the place of a value that was not read from a file


def dotted(keys: KeyPath) -> str:
    """A path in DVC's notation, such as `models.cnn.layers[3]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in keys).lstrip(".")


def read(path: Path) -> Source:
    """Parses a YAML file whose top level is a mapping. Raises DarkroomError, with one line, for anything else."""
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a YAML file. Raises DarkroomError, with one line, if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DarkroomError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise DarkroomError(f"{path}: a folder, not a YAML file") from None
    except UnicodeDecodeError as error:
        raise DarkroomError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None


def parse(text: str, name: str) -> Source:
    """Parses YAML text whose top level is a mapping; `name` is its file in messages. Raises DarkroomError for anything else."""
    yaml = YAML(typ="safe", pure=True)  # the C parser does not expose its constructor
    try:
        root = yaml.compose(text)
        values = yaml.constructor.construct_document(root) if root else None
    except DuplicateKeyError as error:
        raise DarkroomError(f"{name}:{_line(error)}: {_problem(error)}; each key may occur only once") from None
    except MarkedYAMLError as error:
        raise DarkroomError(f"{name}:{_line(error)}: not valid YAML: {_problem(error)}") from None
    except (YAMLError, ValueError) as error:  # a control character, an impossible date
        raise DarkroomError(f"{name}: not valid YAML: {first_line(error)}") from None
    if not isinstance(values, dict):
        content = "is empty" if values is None else f"holds a {type(values).__name__}"
        raise DarkroomError(f"{name}:1: the file {content}; it must hold a mapping of sections")
    return Source(name, values, _lines(root, (), yaml.constructor))


def _line(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _problem(error: MarkedYAMLError) -> str:
    return str(error.problem or error.context or "cannot be parsed").strip().splitlines()[0]


def _lines(node: Node, keys: KeyPath, constructor: SafeConstructor) -> dict[KeyPath, int]:
    """The 1-based line of each key and item of a node. A merged key (<<) has the line on which it is written."""
    children: list[tuple[Any, Node, Node]] = []
    if isinstance(node, MappingNode):
        children = [(constructor.construct_object(key), key, child) for key, child in node.value if isinstance(key, ScalarNode)]
    elif isinstance(node, SequenceNode):
        children = [(position, child, child) for position, child in enumerate(node.value)]
    lines: dict[KeyPath, int] = {}
    for step, begin, child in children:
        lines[(*keys, step)] = begin.start_mark.line + 1
        lines |= _lines(child, (*keys, step), constructor)
    return lines
