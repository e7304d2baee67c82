"""The exception for errors that the user can fix, and functions that compose its message."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches


class DarkroomError(Exception):
    """An unusable input or a failed check. The user sees the message as it is: one line, or one line per problem."""


def first_line(error: BaseException) -> str:
    """The first non-blank line of an exception's message; the name of its class if there is none."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


@contextmanager
def prefixed(subject: object) -> Iterator[None]:
    """Prefixes each DarkroomError raised in the block with `subject`: a file, or the place of a value."""
    try:
        yield
    except DarkroomError as error:
        raise DarkroomError(f"{subject}: {error}") from None


def nearest(name: object, allowed: Iterable[str]) -> str:
    """`; did you mean X?` if a name in `allowed` is close; otherwise all of them, if there are at most 24."""
    names = list(allowed)
    close = get_close_matches(str(name), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; allowed: {', '.join(names)}" if 0 < len(names) <= 24 else ""
