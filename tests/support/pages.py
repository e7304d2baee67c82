"""README.md, CONTRIBUTING.md and docs/: their text, their fenced blocks, and the figures that a sentence of them holds."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.conftest import ROOT

NAMES = ("README.md", "CONTRIBUTING.md", *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")))
PAGES = {name: (ROOT / name).read_text() for name in NAMES}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
NUMBER = re.compile(r"(?<![\w.,:/@=-])-?\d(?:[\d.,]*\d)?")


class Block(NamedTuple):
    """A fenced block: the page and the line where its text begins, its language ("" for output), its text."""

    page: str
    line: int
    language: str
    text: str


class Figures(NamedTuple):
    """A piece of a page with `{}` for each figure, and what the figures must be. White space in it matches any."""

    page: str
    sentence: str
    values: Sequence[str]

    def found(self) -> re.Match[str] | None:
        """Where the piece is in its page; a group for each figure."""
        literals = [r"\s+".join(map(re.escape, re.split(r"\s+", part))) for part in self.sentence.split("{}")]
        return re.search("([^|]+?)".join(literals), PAGES[self.page])

    def mistakes(self) -> Iterator[str]:
        """A line for each figure that is not what it must be: where it is, what is written, what it must be."""
        match = self.found()
        if match is None:
            yield f"{self.page}: there is no `{self.sentence}` any more: change tests/docs/test_figures.py too"
            return
        for group, value in enumerate(self.values, 1):
            if (written := " ".join(match[group].split())) != value:
                yield f"{self.page}:{line(self.page, match.start(group))}: written {written}, must be {value} (`{self.sentence}`)"


def line(page: str, position: int) -> int:
    """The number of the line of a page that a position is in."""
    return PAGES[page].count("\n", 0, position) + 1


def blocks(language: str) -> list[Block]:
    """The fenced blocks of all pages in a language."""
    return [
        Block(page, line(page, match.start(2)), match[1], match[2])
        for page, text in PAGES.items()
        for match in FENCE.finditer(text)
        if match[1] == language
    ]


def prose(page: str) -> str:
    """A page with blanks in place of its code, so that positions stay."""
    blank = PAGES[page]
    for pattern in (FENCE, CODE, re.compile(r"\]\([^)]*\)")):
        blank = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), blank)
    return blank


def numbers(page: str) -> Iterator[re.Match[str]]:
    """The numbers of a page outside its code."""
    return NUMBER.finditer(prose(page))
