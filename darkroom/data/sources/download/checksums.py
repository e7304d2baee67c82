"""Compares a delivered file with the checksum in the catalog entry: of the file itself or, if it is gzip, of its content.

Files are read and written in chunks, because a data set may be larger than memory.
"""

import gzip
import hashlib
import zlib
from pathlib import Path

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import archives

GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 1024**2
ALGORITHMS = {64: ("SHA-256", "sha256"), 32: ("MD5", "md5")}  # by the number of hex digits


def verified(name: str, delivered: Path, checksum: str) -> Path:
    """The file that has the checksum: `delivered`, or a new file beside it with its decompressed content.

    `name` is that in the catalog entry. Raises DarkroomError if neither has the checksum, or if the file is damaged.
    """
    title, algorithm = ALGORITHMS[len(checksum)]
    digest = _digest(delivered, algorithm)
    if digest != checksum and _is_gzip(delivered):
        delivered = gunzipped(name, delivered)
        digest = _digest(delivered, algorithm)
    if digest != checksum:
        raise DarkroomError(f"{name}: wrong content: {title} {digest[:12]}..., the catalog says {checksum[:12]}...")
    return delivered


def gunzipped(name: str, packed: Path) -> Path:
    """A new file beside `packed` with the content of a gzip file; `packed` itself if it is not gzip.

    Raises DarkroomError if it is damaged, truncated or a decompression bomb.
    """
    if not _is_gzip(packed):
        return packed
    content = packed.with_name(f"{packed.name}.content")
    limit = archives.size_limit(packed)
    try:
        with gzip.open(packed) as source, content.open("wb") as target:
            while chunk := source.read(CHUNK):
                if target.tell() + len(chunk) > limit:
                    raise DarkroomError(f"{name}: unpacks to more than {limit:,} bytes, like a bomb")
                target.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DarkroomError(f"{name}: a damaged archive ({error})") from None
    return content


def _digest(file: Path, algorithm: str) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _is_gzip(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
