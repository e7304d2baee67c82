"""The members of a zip, all of them checked before the first is read.

zipfile checks headers and CRC-32. It does not check for entries that share their bytes (David Fifield, "A better zip bomb",
WOOT 2019; Python 3.11 does not), wrong sizes, names with a NUL byte, or a directory shorter than its stated length.
"""

import copy
import stat
import zipfile
from collections.abc import Generator, Iterator
from typing import IO

from darkroom.core.errors import DarkroomError, prefixed
from darkroom.data.sources import damage
from darkroom.data.sources.archives.rules import Entry, Rules, refuse_link, refuse_special

LOCAL_HEADER = 30  # bytes before the content of each member, at least
END, MAX_END_RECORD = b"PK\5\6", 22 + 65535  # the end of central directory, and its size with the longest comment
COUNT_LIMIT = 0xFFFF  # the count is stored in 16 bits: at this value the true one is in a zip64 record, or overflows
ENCRYPTED = 0x0001 | 0x0040 | 0x2000  # flags: encrypted, strongly encrypted, encrypted directory
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile expands bzip2 4 kB at a time, which can be gigabytes


def entries(stream: IO[bytes], rules: Rules) -> Generator[Entry, None, None]:
    """Yields each member in the order of the directory. Raises DarkroomError before the first if any of them breaks a rule."""
    with damage.refused():
        archive = zipfile.ZipFile(stream)
    with archive:
        infos = archive.infolist()
        _refuse_loss(len(infos), stream)
        names = [rules.admit(info.orig_filename, _is_folder(info), info.file_size) for info in infos]
        _refuse_overlap(infos, stream.seek(0, 2))
        for name, info in zip(names, infos, strict=True):
            yield Entry(name, None if _is_folder(info) else _content(archive, info))


def _refuse_loss(count: int, stream: IO[bytes]) -> None:
    """Raises DarkroomError if zipfile lists fewer members than stated: a wrong length in an entry can hide the next one."""
    stream.seek(-min(stream.seek(0, 2), MAX_END_RECORD), 2)
    end = stream.read()
    stated = int.from_bytes(end[end.rfind(END) + 10 :][:2], "little")
    if stated not in (count & COUNT_LIMIT, COUNT_LIMIT):
        raise DarkroomError(f"damaged or truncated (it lists {count} of {stated} members)")


def _is_folder(info: zipfile.ZipInfo) -> bool:
    """Whether a member is a folder, not a file. Raises DarkroomError if it is neither, or cannot be read."""
    name, mode = info.orig_filename, info.external_attr >> 16
    if stat.S_ISLNK(mode):
        refuse_link(name)
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        refuse_special(name)
    if info.flag_bits & ENCRYPTED:
        raise DarkroomError(f"{name!r} is encrypted; pack it without a password")
    if info.compress_type not in READABLE:
        raise DarkroomError(
            f"{name!r} is compressed with method {info.compress_type}, which is not supported; pack it with deflate"
        )
    folder = name.endswith("/") or stat.S_ISDIR(mode)
    if folder and info.file_size:
        raise DarkroomError(f"{name!r} is a folder but has content")
    return folder


def _refuse_overlap(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Raises DarkroomError if two members share bytes of the file, or one extends beyond its end."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in ordered), size][1:]
    for info, end in zip(ordered, ends, strict=True):
        if info.header_offset + LOCAL_HEADER + info.compress_size > end:
            raise DarkroomError(f"{info.orig_filename!r} overlaps another member, as in a zip bomb")


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    larger = copy.copy(info)
    larger.file_size += 1  # zipfile stops at the stated size; one more byte shows whether there is more
    size = 0
    with prefixed(repr(info.orig_filename)), _open(archive, larger) as stream:
        while chunk := damage.read(stream):
            size += len(chunk)
            if size > info.file_size:
                break
            yield chunk
        if size != info.file_size:
            raise DarkroomError(f"damaged or truncated (its size is not the {info.file_size:,} bytes stated in its header)")


def _open(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    with damage.refused():
        return archive.open(info)
