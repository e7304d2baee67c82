"""The members of a tar, in a single forward pass; each is checked before its content is read.

A stream cannot seek, so no header can make tarfile read the same bytes again. tarfile takes a damaged header, or the end of
the file, for the end of the archive; here only the block of zeros counts as its end.
"""

import io
import tarfile
from collections.abc import Generator, Iterator
from typing import IO, Self

from darkroom.core.errors import DarkroomError, prefixed
from darkroom.data.sources import damage
from darkroom.data.sources.archives.rules import Entry, Rules, refuse_link, refuse_special

MAX_LONG_HEADER = 16 * 1024  # bytes: tarfile reads these headers whole, in time that can be quadratic in their size
IDLE_READS = 8  # empty reads at the end of the file: a global header can state an absurd size, and tarfile would read forever
LONG_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


def entries(stream: IO[bytes], rules: Rules) -> Generator[Entry, None, None]:
    """Yields each member in the order of the file; its content must be read before the next one is taken.

    Raises DarkroomError for a member that breaks a rule, and for anything but zeros after the last one.
    """
    with _opened(stream, rules) as archive:
        while (member := _next(archive)) is not None:
            folder = _is_folder(member)
            name = rules.admit(member.name, folder, member.size)
            yield Entry(name, None if folder else _content(archive, member))
        while rest := archive.fileobj and damage.read(archive.fileobj):  # so that the compression's checksum is verified
            if rest.strip(b"\0"):
                raise DarkroomError("has data after its end; is it two archives in one?")


def _opened(stream: IO[bytes], rules: Rules) -> tarfile.TarFile:
    counted = _CountedStream(stream, rules)
    with damage.refused():
        try:
            return tarfile.open(mode="r|", fileobj=counted, tarinfo=_Header, encoding="utf-8")
        except tarfile.ReadError:
            raise DarkroomError("neither a zip nor a tar (plain, or compressed with gzip, bzip2 or xz)") from None


def _next(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    with damage.refused():
        member = archive.next()
    archive.members.clear()  # type: ignore[attr-defined]  # tarfile would keep them all, a kilobyte each
    return member


def _is_folder(member: tarfile.TarInfo) -> bool:
    if member.issym() or member.islnk():
        refuse_link(member.name)
    if member.type not in (*tarfile.REGULAR_TYPES, tarfile.DIRTYPE) or member.issparse():
        refuse_special(member.name)
    return member.isdir()


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    with prefixed(repr(member.name)):
        stream = archive.extractfile(member)
        while stream and (chunk := damage.read(stream)):
            yield chunk


class _Header(tarfile.TarInfo):
    """A header, refused if it is damaged, too long or of an unsupported type."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError:
            if len(buf) == tarfile.BLOCKSIZE and not buf.strip(b"\0"):
                raise
            raise tarfile.ReadError("a header is damaged" if buf else "its end is missing") from None
        if header.type == tarfile.GNUTYPE_SPARSE:
            refuse_special(header.name)
        if header.type in LONG_HEADERS and not 0 <= header.size <= MAX_LONG_HEADER:
            raise DarkroomError(f"holds a header of {header.size:,} bytes, the limit is {MAX_LONG_HEADER:,}")
        return header


class _CountedStream(io.BufferedIOBase):
    """The decompressed bytes, counted against the limit."""

    def __init__(self, stream: IO[bytes], rules: Rules) -> None:
        self.stream, self.rules = stream, rules
        self.unpacked = self.idle = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = self.stream.read(-1 if size is None else size)
        self.unpacked += len(chunk)
        self.rules.check(self.unpacked)
        self.idle += not chunk
        if self.idle > IDLE_READS:
            raise EOFError("its end is missing")
        return chunk
