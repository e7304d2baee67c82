"""YAML as DVC reads it (YAML 1.2, ruamel's safe loader), with the line of every value, for error messages."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError

from darkroom.core.errors import DarkroomError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A parsed YAML file: its name, its plain values and the 1-based line of each key and item."""

    name: str
    values: dict[str, Any]
    lines: dict[KeyPath, int]

    def line(self, where: KeyPath) -> int:
        """The line of `where`, or of the innermost enclosing key that the file has."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)


@dataclass(frozen=True)
class Place:
    """A place in a YAML file that prints as `params.yaml:41: models.cnn.layers[3].Dropout`, the start of an error message."""

    source: Source
    where: KeyPath

    def at(self, *steps: str | int) -> "Place":
        """The place of a key or an item below this one."""
        return Place(self.source, (*self.where, *steps))

    def __str__(self) -> str:
        return f"{self.source.name}:{self.source.line(self.where)}: {dotted(self.where)}"


NOWHERE = Place(Source("params.yaml", {}, {}), ())  # of a value that was not read from a file


def dotted(where: KeyPath) -> str:
    """A path in DVC's notation, such as `models.cnn.layers[3]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in where).lstrip(".")


def read(path: Path) -> Source:
    """Parses a YAML file whose top level is a mapping. Raises DarkroomError, with one line, for anything else."""
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """The text of a YAML file. Raises DarkroomError, with one line, if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DarkroomError(f"{path}: no such file; run the command in the root of the repository") from None
    except IsADirectoryError:
        raise DarkroomError(f"{path}: a folder; a YAML file is expected") from None
    except UnicodeDecodeError as error:
        raise DarkroomError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None


def parse(text: str, name: str) -> Source:
    """Parses YAML text whose top level is a mapping; messages call it `name`. Raises DarkroomError for anything else."""
    try:
        values = YAML(typ="safe").load(text)
        marked = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        raise DarkroomError(f"{name}:{_line(error)}: {_first(error.problem)}; each key may occur only once") from None
    except MarkedYAMLError as error:
        raise DarkroomError(f"{name}:{_line(error)}: not valid YAML: {_first(error.problem or error.context)}") from None
    if not isinstance(values, dict):
        content = "is empty" if values is None else f"holds a {type(values).__name__}"
        raise DarkroomError(f"{name}:1: the file {content}; it must hold a mapping of sections")
    return Source(name, values, _lines(marked, ()))


def _line(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _first(text: str | None) -> str:
    return (text or "cannot be parsed").strip().splitlines()[0]


def _lines(node: Any, where: KeyPath) -> dict[KeyPath, int]:
    """The 1-based line of each key and item of a node from ruamel's round-trip loader."""
    lines: dict[KeyPath, int] = {}
    if isinstance(node, CommentedMap):
        for key, child in node.items():
            if node.lc.data and key in node.lc.data:  # a merged key (<<) has no line of its own
                lines[(*where, key)] = node.lc.key(key)[0] + 1
            lines |= _lines(child, (*where, key))
    if isinstance(node, CommentedSeq):
        for position, child in enumerate(node):
            lines[(*where, position)] = node.lc.item(position)[0] + 1
            lines |= _lines(child, (*where, position))
    return lines
