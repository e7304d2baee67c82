"""Recipes: each file of recipes/ holds only what differs from params.yaml; `compose` merges the two into one params.yaml.

The sections of a recipe are merged with those of params.yaml key by key; the rest of params.yaml stays unchanged, including its
comments. A recipe's `models` replaces all models, so each of its models is written out in full. A key that params.yaml does not
have is refused.
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
from darkroom.core.errors import DarkroomError, nearest
from darkroom.core.workspace import Workspace
from darkroom.core.yaml_source import Place

MODELS = ("models",)  # replaced as a whole

REST_OF_LINE = re.compile(r"[ \t]*(#[^\n]*)?(?=\n|\Z)")  # no match if more than a comment follows, as in {a: 1, b: 2}
COMMENT_LINES = re.compile(r"(?:\n[ \t]*(?:#[^\n]*)?)+\Z")  # at the end of a block, where they belong to the next key

Edit = tuple[int, int, str]  # start, end, and the new text between them


def available(workspace: Workspace) -> dict[str, Path]:
    """The recipes of the checkout by name."""
    return {path.stem: path for path in sorted((workspace.root / "recipes").glob("*.yaml"))}


def find(name: str, workspace: Workspace) -> Path:
    """The recipe of that name. Raises DarkroomError, with the nearest name, if there is none."""
    recipes = available(workspace)
    if name not in recipes:
        raise DarkroomError(f"{name}: no such recipe{nearest(name, recipes)}")
    return recipes[name]


def title(recipe: Path) -> str:
    """The first line of a recipe's header."""
    return recipe.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ")


def compose(recipe: Path, params: Path) -> str:
    """The text of `params` with the values of `recipe` in it, checked as a params.yaml.

    Comments and layout of `params` stay, except that a comment beside a value in the recipe replaces the one in `params`.
    Raises DarkroomError for a key that `params` does not have, and with one line per mistake in the result.
    """
    text, changes = _readable(params), _readable(recipe)
    edits = _edits(_entries(changes), _entries(text), Place(yaml_source.parse(changes, str(recipe)), ()))
    for start, end, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[end:]
    config.checked(yaml_source.parse(text, f"{recipe} composed with {params}"), config.Params)
    return text


def _readable(path: Path) -> str:
    """The text of a YAML file without aliases. Raises DarkroomError for any other file."""
    text = yaml_source.read_text(path)
    yaml_source.parse(text, str(path))
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, AliasEvent):
            line = event.start_mark.line + 1
            raise DarkroomError(f"{path}:{line}: *{event.anchor}: write the value out; recipes do not support aliases")
    return text


@dataclass(frozen=True)
class _Entry:
    """A key and its value in the text of a YAML file."""

    text: str
    key: Node
    value: Node

    @property
    def start(self) -> int:
        """The index in the text at which the key begins."""
        return int(self.key.start_mark.index)

    @property
    def end(self) -> int:
        """The index at which the value ends, before any comment lines and blank lines that follow it."""
        end = int(self.value.end_mark.index)
        if end == self.value.start_mark.index:  # an empty value (null) has the mark of the token after it
            end = self.text.index(":", self.key.end_mark.index) + 1
        if isinstance(self.value, CollectionNode) and not self.value.flow_style:
            end = self.start + len(COMMENT_LINES.sub("", self.text[self.start : end]))
        return end

    def replaced(self, by: Self) -> Edit:
        """The edit that replaces this entry by another, including its comment if it has one."""
        end, new_end = self.end, by.end
        comment, new_comment = REST_OF_LINE.match(self.text, end), REST_OF_LINE.match(by.text, new_end)
        if comment and new_comment and (new_comment[1] or "\n" in self.text[self.start : end]):
            end, new_end = comment.end(), new_comment.end()
        old_margin, new_margin = (f"\n{' ' * entry.key.start_mark.column}" for entry in (by, self))
        return self.start, end, by.text[by.start : new_end].replace(old_margin, new_margin)


def _entries(text: str, node: Node | None = None) -> dict[str, _Entry]:
    """The entries of a mapping in a text, by default the top-level one."""
    mapping = node or YAML(typ="safe", pure=True).compose(text)
    return {key.value: _Entry(text, key, value) for key, value in mapping.value}


def _edits(changes: Mapping[str, _Entry], base: Mapping[str, _Entry], place: Place) -> Iterator[Edit]:
    """The edits that put `changes`, a mapping at `place`, into `base`. Raises DarkroomError for a key that `base` lacks."""
    for name, entry in changes.items():
        if name not in base:
            raise DarkroomError(f"{place.at(name)}: {messages.unknown_key(name, base)}")
        replaced = place.at(name).keys == MODELS
        if not replaced and isinstance(entry.value, MappingNode) and isinstance(base[name].value, MappingNode):
            inner = _entries(base[name].text, base[name].value)
            yield from _edits(_entries(entry.text, entry.value), inner, place.at(name))
        else:
            yield base[name].replaced(by=entry)
