"""Checksums of a file or of its decompressed content; damage and bombs are refused."""

import gzip
import hashlib
from pathlib import Path

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import bombs
from darkroom.data.sources.download import checksums
from tests.support.server import CONTENT, PACKED


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    (tmp_path / "a.gz").write_bytes(PACKED)
    return tmp_path / "a.gz"


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
@pytest.mark.parametrize("content", [PACKED, CONTENT], ids=["delivered", "content"])
def test_the_file_with_the_checksum_is_returned(packed: Path, content: bytes, algorithm: str) -> None:
    assert checksums.verified("a", packed, hashlib.new(algorithm, content).hexdigest()).read_bytes() == content


@pytest.mark.parametrize(("digits", "digest"), [(32, "MD5 5e5764d300e3"), (64, "SHA-256 d2c8b67b91d4")])
def test_a_wrong_checksum_is_refused(packed: Path, digits: int, digest: str) -> None:
    with pytest.raises(DarkroomError, match=f"^a: wrong content: {digest}..., the catalog says 000000000000...$"):
        checksums.verified("a", packed, "0" * digits)


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (PACKED[:-20], "Compressed file ended before the end-of-stream marker was reached"),
        (PACKED[:-8] + bytes(8), "CRC check failed 0x0 != 0x[0-9a-f]+"),
        (PACKED[:20] + b"\xff" * 20 + PACKED[40:], "Error -3 while decompressing data: .+"),
    ],
)
def test_damage_is_refused(packed: Path, damaged: bytes, reason: str) -> None:
    packed.write_bytes(damaged)
    with pytest.raises(DarkroomError, match=rf"^a: damaged or truncated \({reason}\)$"):
        checksums.gunzipped("a", packed)


def test_a_bomb_is_refused(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bombs, "MIN_LIMIT", 5000)
    packed.write_bytes(gzip.compress(bytes(1024**2)))
    with pytest.raises(
        DarkroomError, match=f"^a: unpacks to more than {100 * packed.stat().st_size:,} bytes, like a decompression bomb; "
    ):
        checksums.gunzipped("a", packed)
