"""How much a compressed file may unpack to. Beyond that it counts as a decompression bomb, made to fill disk or memory."""

from pathlib import Path

from darkroom.core.errors import DarkroomError

MIN_LIMIT = 1024**3  # bytes to which any file may unpack: every disk has room for them, and a bomb needs more
MAX_RATIO = 100  # largest compression ratio beyond that: tables and masks reach 50, deflate at most 1032


def limit(path: Path) -> int:
    """How many bytes a compressed file may unpack to."""
    return max(MIN_LIMIT, MAX_RATIO * path.stat().st_size)


def check(unpacked: int, allowed: int) -> None:
    """Raises DarkroomError if a file unpacks to more bytes than are allowed."""
    if unpacked > allowed:
        raise DarkroomError(
            f"unpacks to more than {allowed:,} bytes, like a decompression bomb; if you trust it, unpack it yourself"
        )
