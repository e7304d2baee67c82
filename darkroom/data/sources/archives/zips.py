"""The members of a zip, all judged before the first is read.

zipfile checks headers and CRC-32. It lets pass: entries that share their bytes (David Fifield, "A better zip bomb", WOOT 2019;
Python 3.11 does not look), sizes that lie, names cut at a zero byte, a list that is shorter than it says.
"""

import copy
import stat
import struct
import zipfile
from collections.abc import Generator, Iterator
from typing import IO

from darkroom.core.errors import DarkroomError
from darkroom.data.sources.archives.rules import CHUNK, Entry, Rules, refuse_link, refuse_special, refusing

LOCAL_HEADER = 30  # bytes in front of each member, at least
END, LONGEST_END = b"PK\5\6", 22 + 65535  # the record behind all else, which holds a comment
MANY = 0xFFFF  # its count of members where the true one stands in a longer record, or has more digits
ENCRYPTED = 0x0001 | 0x0040 | 0x2000  # flags: the content, the content strongly, the list of names
READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of bzip2 zipfile expands 4 kB at once: that can be gigabytes


def entries(stream: IO[bytes], rules: Rules) -> Generator[Entry, None, None]:
    """Each member in the order of the list at the end of the file. Raises DarkroomError before the first where any breaks a rule."""
    with zipfile.ZipFile(stream) as archive:
        infos = archive.infolist()
        _refuse_loss(len(infos), stream)
        names = [rules.admit(info.orig_filename, _is_folder(info), info.file_size) for info in infos]
        _refuse_overlap(infos, stream.seek(0, 2))
        for name, info in zip(names, infos, strict=True):
            yield Entry(name, None if _is_folder(info) else _content(archive, info))


def _refuse_loss(found: int, stream: IO[bytes]) -> None:
    """Raises BadZipFile where zipfile's list lacks members: one changed length in it can swallow the next ones."""
    stream.seek(-min(stream.seek(0, 2), LONGEST_END), 2)
    end = stream.read()
    (stated,) = struct.unpack_from("<H", end, end.rfind(END) + 10)
    if stated not in (found & MANY, MANY):
        raise zipfile.BadZipFile(f"it lists {found} of {stated} members")


def _is_folder(info: zipfile.ZipInfo) -> bool:
    """Whether it is a folder and not a file. Raises DarkroomError for all else, and for what cannot be read."""
    name, mode = info.orig_filename, info.external_attr >> 16
    if stat.S_ISLNK(mode):
        refuse_link(name)
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        refuse_special(name)
    if info.flag_bits & ENCRYPTED:
        raise DarkroomError(f"{name!r} is encrypted; pack it without a password")
    if info.compress_type not in READABLE:
        raise DarkroomError(f"{name!r} is compressed by method {info.compress_type}, which is not read; pack it with deflate")
    folder = name.endswith("/") or stat.S_ISDIR(mode)
    if folder and info.file_size:
        raise DarkroomError(f"{name!r} is a folder and has content")
    return folder


def _refuse_overlap(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Raises DarkroomError where two members lie on the same bytes of the file, or one beyond its end."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    ends = [*(info.header_offset for info in ordered), size][1:]
    for info, end in zip(ordered, ends, strict=True):
        if info.header_offset + LOCAL_HEADER + info.compress_size > end:
            raise DarkroomError(f"{info.orig_filename!r} lies over another member, as in a bomb")


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    whole = copy.copy(info)
    whole.file_size += 1  # zipfile stops at the size that is stated: one byte more shows one that lies
    found = 0
    with refusing(repr(info.orig_filename)), archive.open(whole) as stream:
        while chunk := stream.read(CHUNK):
            found += len(chunk)
            if found > info.file_size:
                break
            yield chunk
        if found != info.file_size:
            raise zipfile.BadZipFile(f"its size is not the {info.file_size:,} bytes of its header")
