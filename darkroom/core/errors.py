"""The exception for errors that the user can fix, and functions that compose messages."""

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")  # Unicode's embeddings, overrides and isolates


class DarkroomError(Exception):
    """An unusable input or a failed check. The user sees the message as it is: one line, or one line per problem.

    A line may hold text from outside, such as the name of a file: it is made printable.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*map(printable, lines))

    def __str__(self) -> str:
        return "\n".join(self.args)


def printable(text: object) -> str:
    """Text from outside, for a terminal, a row or a page: control characters and line breaks become escapes.

    Otherwise the name of a file could clear the screen, pretend to be another line, or reverse the direction of writing.
    """
    return "".join(char.encode("unicode_escape").decode() if is_control(char) else char for char in str(text))


def is_control(char: str) -> bool:
    """Whether a character is a control character, a line break, half a surrogate pair, or changes the direction of writing."""
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in DIRECTIONS


def first_line(error: BaseException) -> str:
    """The first non-blank line of an exception's message; the name of its class if there is none."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


@contextmanager
def prefixed(subject: object) -> Iterator[None]:
    """Prefixes each DarkroomError raised in the block with `subject`: a file, or the place of a value."""
    try:
        yield
    except DarkroomError as error:
        first, *others = error.args
        raise DarkroomError(f"{subject}: {first}", *others) from None


def nearest(name: object, allowed: Iterable[str]) -> str:
    """`; did you mean X?` if a name in `allowed` is close; otherwise all of them, if there are at most 24."""
    names = list(allowed)
    close = get_close_matches(str(name), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; allowed: {', '.join(names)}" if 0 < len(names) <= 24 else ""
