"""Whether a delivered file is the one that a recipe means: as it is, or where it is gzip, by what is in it.

Everything goes from disk to disk in pieces: a data set may be larger than the memory.
"""

import gzip
import hashlib
import zlib
from pathlib import Path

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import archives

GZIP = b"\x1f\x8b"
PIECE = 1024**2
KINDS = {64: ("SHA-256", "sha256"), 32: ("MD5", "md5")}  # by the number of hex digits


def proven(file: str, delivered: Path, checksum: str) -> Path:
    """What has the checksum: `delivered`, or a new neighbour with what is in it. `file` is its name in the recipe.

    Raises DarkroomError if neither has it, or if the file is damaged.
    """
    called, algorithm = KINDS[len(checksum)]
    found = _digest(delivered, algorithm)
    if found != checksum and _is_gzip(delivered):
        delivered = gunzipped(file, delivered)
        found = _digest(delivered, algorithm)
    if found != checksum:
        raise DarkroomError(f"{file}: wrong content: {called} {found[:12]}..., the recipe says {checksum[:12]}...")
    return delivered


def gunzipped(file: str, packed: Path) -> Path:
    """A new neighbour with the content of a gzip file; `packed` itself where it is none.

    Raises DarkroomError where it is damaged, cut short or a bomb.
    """
    if not _is_gzip(packed):
        return packed
    content = packed.with_name(f"{packed.name}.content")
    most = max(archives.HARMLESS, archives.RATIO * packed.stat().st_size)
    try:
        with gzip.open(packed) as source, content.open("wb") as target:
            while piece := source.read(PIECE):
                if target.tell() + len(piece) > most:
                    raise DarkroomError(f"{file}: unpacks to more than {most:,} bytes, like a bomb")
                target.write(piece)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DarkroomError(f"{file}: a damaged archive ({error})") from None
    return content


def _digest(file: Path, algorithm: str) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _is_gzip(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(GZIP)) == GZIP
