"""Verifies the checksum in the catalog entry, which is that of the file itself or, for gzip, of its content.

Files are read and written in chunks, because a data set may be larger than memory.
"""

from pathlib import Path

from darkroom.core import digests
from darkroom.core.errors import DarkroomError, prefixed
from darkroom.data.sources import archives

GZIP_MAGIC = b"\x1f\x8b"
ALGORITHMS = {64: ("SHA-256", "sha256"), 32: ("MD5", "md5")}  # by the number of hex digits


def verified(name: str, delivered: Path, checksum: str) -> Path:
    """The file that has the checksum: `delivered`, or a new file beside it with its decompressed content.

    `name` is the name in the catalog entry. Raises DarkroomError if neither has the checksum, or if the file is damaged.
    """
    title, algorithm = ALGORITHMS[len(checksum)]
    digest = digests.of_file(delivered, algorithm)
    if digest != checksum and _is_gzip(delivered):
        delivered = gunzipped(name, delivered)
        digest = digests.of_file(delivered, algorithm)
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
    with prefixed(name), content.open("wb") as target:
        target.writelines(archives.gunzip(packed))
    return content


def _is_gzip(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
