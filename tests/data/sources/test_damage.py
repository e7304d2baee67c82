"""What a library raises for a damaged file becomes one line, which tells damage from other reasons."""

import errno
import zlib

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import damage


class LibraryError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (zlib.error("Error -3\nmore"), "bent (Error -3)"),
        (EOFError(), "bent (EOFError)"),
        (OSError("Invalid data stream"), "bent (Invalid data stream)"),
        (OSError(errno.EACCES, "Permission denied"), "cannot be read (Permission denied)"),
        (NotImplementedError("zip file version 9.1"), "cannot be read (zip file version 9.1)"),
        (LibraryError("of its own"), "bent (of its own)"),
    ],
)
def test_damage_is_one_line(error: Exception, line: str) -> None:
    with pytest.raises(DarkroomError) as caught, damage.refused("bent", LibraryError):
        raise error
    assert str(caught.value) == line


def test_other_errors_pass() -> None:
    with pytest.raises(LibraryError), damage.refused():
        raise LibraryError
    with pytest.raises(DarkroomError, match="^a rule$"), damage.refused():
        raise DarkroomError("a rule")
