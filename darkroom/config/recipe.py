"""Recipes: each file of recipes/ holds only what differs from params.yaml; `compose` merges the two into one params.yaml.

The sections of a recipe merge with those of params.yaml key by key: what the recipe does not name stays as it is, down to the
last comment. `models` of a recipe replaces `models` as a whole, so a recipe's model is written out in full. A key that
params.yaml does not have is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ruamel.yaml import YAML
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node

from darkroom import config
from darkroom.config import messages
from darkroom.core import yaml_source
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.core.yaml_source import KeyPath, Place, Source

MODELS = ("models",)  # replaced as a whole

REST_OF_LINE = re.compile(r"[ \t]*(#[^\n]*)?(?=\n|\Z)")  # no match where more than a comment follows, as in {a: 1, b: 2}
COMMENT_LINES = re.compile(r"(?:\n[ \t]*(?:#[^\n]*)?)+\Z")  # at the end of a block: they belong to the next key

Edit = tuple[int, int, str]  # start, end, and the text that replaces what is between them


def available(workspace: Workspace) -> dict[str, Path]:
    """The recipes of the checkout by name."""
    return {path.stem: path for path in sorted((workspace.root / "recipes").glob("*.yaml"))}


def find(name: str, workspace: Workspace) -> Path:
    """The recipe of that name. Raises DarkroomError, with the nearest name, where there is none."""
    recipes = available(workspace)
    if name not in recipes:
        raise DarkroomError(f"{name}: no such recipe{messages.nearest(name, recipes)}")
    return recipes[name]


def title(recipe: Path) -> str:
    """The first line of the comment that a recipe begins with."""
    return recipe.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")


def compose(recipe: Path, params: Path) -> str:
    """The text of `params` with the values of `recipe` in it, checked as a params.yaml.

    Everything else, comments and layout, stays; only a comment on the line of a value in the recipe replaces that of `params`.
    Raises DarkroomError for a key that `params` does not have, and with one line per mistake in the result.
    """
    text, changes = _readable(params), _readable(recipe)
    edits = _edits(_entries(changes), _entries(text), yaml_source.parse(changes, str(recipe)))
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    config.checked(yaml_source.parse(text, f"{recipe} composed with {params}"))
    return text


def _readable(path: Path) -> str:
    """The text of a YAML file without aliases. Raises DarkroomError for any other file."""
    text = yaml_source.read_text(path)
    yaml_source.parse(text, str(path))
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            line = event.start_mark.line + 1
            raise DarkroomError(f"{path}:{line}: *{event.anchor}: write the value out; recipes do not work with aliases")
    return text


@dataclass(frozen=True)
class _Entry:
    """A key and its value in the text of a YAML file."""

    text: str
    key: Node
    value: Node

    @property
    def start(self) -> int:
        """KeyPath the key begins."""
        return int(self.key.start_mark.index)

    @property
    def end(self) -> int:
        """KeyPath the value ends, without the lines of comments and the empty lines that follow it."""
        end = int(self.value.end_mark.index)
        if end == self.value.start_mark.index:  # an empty value, which is null: its mark is that of what follows
            end = self.text.index(":", self.key.end_mark.index) + 1
        if isinstance(self.value, CollectionNode) and not self.value.flow_style:
            end = self.start + len(COMMENT_LINES.sub("", self.text[self.start : end]))
        return end

    def replaced(self, by: Self) -> Edit:
        """The edit that puts another entry in place of this one, with its comment if it has one."""
        end, stop = self.end, by.end
        comment, new_comment = REST_OF_LINE.match(self.text, end), REST_OF_LINE.match(by.text, stop)
        if comment and new_comment and (new_comment[1] or "\n" in self.text[self.start : end]):
            end, stop = comment.end(), new_comment.end()
        old_margin, new_margin = (f"\n{' ' * entry.key.start_mark.column}" for entry in (by, self))
        return self.start, end, by.text[by.start : stop].replace(old_margin, new_margin)


def _entries(text: str, node: Node | None = None) -> dict[str, _Entry]:
    """The entries of a mapping in a text, by default the top-level one."""
    mapping = node or YAML(typ="safe", pure=True).compose(text)
    return {key.value: _Entry(text, key, value) for key, value in mapping.value}


def _edits(changes: Mapping[str, _Entry], base: Mapping[str, _Entry], source: Source, where: KeyPath = ()) -> Iterator[Edit]:
    """The edits that put `changes` into `base`. Raises DarkroomError for a key that `base` does not have."""
    for name, entry in changes.items():
        at = (*where, name)
        if name not in base:
            raise DarkroomError(f"{Place(source, at)}: {messages.unknown_key(name, base)}")
        if at != MODELS and isinstance(entry.value, MappingNode) and isinstance(base[name].value, MappingNode):
            inner = _entries(base[name].text, base[name].value)
            yield from _edits(_entries(entry.text, entry.value), inner, source, at)
        else:
            yield base[name].replaced(by=entry)
