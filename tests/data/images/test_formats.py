"""The format of a file by its first bytes, compared with its suffix."""

import pytest

from darkroom.data.images import formats


@pytest.mark.parametrize(
    ("signature", "name", "expected"),
    [
        (b"\xff\xd8\xff", "a.JPEG", None),
        (b"II*\0", "a.tiff", None),
        (b"\0\0\0\x20ftypmif1\0\0\0\0mif1avif", "a.png", "an AVIF file named .png"),
        (b"\0\0\0\x20ftypmif1\0\0\0\0mif1heix", "a.jpg", "an HEIC file named .jpg"),
        (b"\0\0\0\x20ftypisom\0\0\0\0isommp41", "a.jpg", None),
        (b"RIFF\0\0\0\0WEBP", "a", "a WEBP file without a suffix"),
    ],
)
def test_a_suffix_is_compared_with_the_content(signature: bytes, name: str, expected: str | None) -> None:
    assert formats.misnamed(signature, name) == expected
