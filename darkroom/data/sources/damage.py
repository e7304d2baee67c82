"""Turns what the libraries for archives, arrays and tables raise for damaged files into one line."""

import lzma
import struct
import tarfile
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from darkroom.core.errors import DarkroomError, first_line

CHUNK = 1024**2
ERRORS: tuple[type[Exception], ...] = (  # by fuzzing and from the source of the libraries
    *(AttributeError, EOFError, LookupError, OSError, OverflowError, RuntimeError, TypeError, ValueError),
    *(lzma.LZMAError, struct.error, tarfile.TarError, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
    MemoryError,  # a header that claims more bytes than fit in memory
)


class Stream(Protocol):
    """A file, or a file-like object of a library."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


@contextmanager
def refused(fault: str = "damaged or truncated", *more: type[Exception]) -> Iterator[None]:
    """Wraps calls into zipfile, tarfile, NumPy and the like, and nothing else: raises DarkroomError for a damaged file.

    `fault` describes a damaged file in the message; `more` are exceptions that only this library raises for one. A file that
    the system or the library refuses to read is reported as "cannot be read".
    """
    try:
        yield
    except (*ERRORS, *more) as error:
        # For damage, zlib and bz2 raise an OSError without errno; one with errno comes from the system.
        system = isinstance(error, OSError) and error.errno is not None
        reason = error.strerror if isinstance(error, OSError) and error.strerror else first_line(error)
        unreadable = system or isinstance(error, NotImplementedError)
        raise DarkroomError(f"{'cannot be read' if unreadable else fault} ({reason})") from None


def read(stream: Stream) -> bytes:
    """The next chunk of a decompressed stream. Raises DarkroomError if it is damaged."""
    with refused():
        return stream.read(CHUNK)
