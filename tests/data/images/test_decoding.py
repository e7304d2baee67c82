"""Decoding: each odd file gives the expected pixels and notes, or is refused with its reason."""

import io
import struct
import subprocess
import sys
import warnings
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import images
from tests.conftest import ROOT
from tests.support import odd_images
from tests.support.encoders import high_bit_depth, saved, scene, turned

POLICY = ImagePolicy(4, 4, 3, "stretch", "area", odd_images.BACKGROUND, 10**8)
NOISE = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
FILES = odd_images.odd_files(0)

captured = partial(images.read, capture_stderr=True)


def read(content: bytes, suffix: str, policy: ImagePolicy = POLICY) -> tuple[tuple[str, ...], np.ndarray | None]:
    """The notes on a file, and its pixels."""
    try:
        image = captured(content, policy)
    except DarkroomError as error:
        return (str(error),), None
    misnamed = images.misnamed(content, f"name{suffix}")
    return (*image.notes, *([misnamed] if misnamed else [])), image.pixels


@pytest.mark.parametrize("name", FILES)
def test_every_odd_file(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    odd = FILES[name]
    notes, pixels = read(odd.content, odd.suffix)
    assert notes == odd.notes
    assert (pixels is None) == (odd.pixels is None)
    if pixels is not None and odd.pixels is not None:
        assert (pixels.dtype, pixels.shape) == (np.uint8, odd.pixels.shape)
        assert np.abs(pixels.astype(int) - odd.pixels).mean() <= odd.tolerance
    assert capfd.readouterr() == ("", "")


def test_the_odd_files_come_in_pairs_and_depend_only_on_the_seed() -> None:
    again = odd_images.odd_files(0)
    assert [odd.content for odd in again.values()] == [odd.content for odd in FILES.values()]
    assert FILES.keys() == odd_images.odd_files(1).keys()
    names = [name.split(maxsplit=1)[1] for name in FILES]
    assert {names.count(name) for name in names} == {2}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_in_every_format(orientation: int) -> None:
    colours = scene(np.random.default_rng(orientation))
    opaque = np.dstack([colours, np.full_like(colours[..., :1], 255)])
    lossless = [
        turned(pixels, orientation, image_format) for image_format in ("PNG", "WEBP", "TIFF") for pixels in (colours, opaque)
    ]
    lossless += [
        high_bit_depth(pixels.astype(np.uint16) * 257, image_format, orientation)
        for image_format in ("PNG", "TIFF")
        for pixels in (colours, opaque)
    ]
    for content in lossless:
        image = captured(content, POLICY)
        assert np.array_equal(image.pixels, colours)
        assert (f"EXIF orientation {orientation}" in image.notes) == (orientation > 1)
    for image_format in ("JPEG", "AVIF"):
        image = captured(turned(colours, orientation, image_format), POLICY)
        assert np.abs(image.pixels.astype(int) - colours).mean() < odd_images.LOSSY[image_format]


@pytest.mark.parametrize("options", [{"subsampling": "4:2:0"}, {"progressive": True}, {"quality": 30, "subsampling": "4:1:1"}])
def test_a_jpeg_has_the_values_that_pillow_gives(options: dict[str, object]) -> None:
    colours = scene(np.random.default_rng(0))
    for pixels in (colours, colours[..., 1]):
        content = saved(pixels, "JPEG", **options)
        assert np.array_equal(captured(content, POLICY).pixels, np.asarray(Image.open(io.BytesIO(content))))


def test_grey_and_alpha_stays_grey_on_grey_alone() -> None:
    content = saved(np.ascontiguousarray(NOISE[..., :2]), "PNG")
    assert captured(content, replace(POLICY, background=(9, 9, 9))).pixels.shape == (9, 7)
    assert captured(content, replace(POLICY, background=(9, 9, 8))).pixels.shape == (9, 7, 3)


def test_16_bit_where_white_is_zero_and_where_one_value_is_transparent() -> None:
    values = np.array([[0, 32768, 65535]], np.uint16)
    assert captured(saved(values, "TIFF"), POLICY).pixels.tolist() == [[0, 128, 255]]
    assert captured(saved(values, "TIFF", tiffinfo={262: 0}), POLICY).pixels.tolist() == [[255, 127, 0]]
    keyed = saved(values, "PNG", transparency=32768)
    assert captured(keyed, replace(POLICY, background=(7, 7, 7))).pixels.tolist() == [[0, 7, 255]]


def test_max_pixels_is_the_only_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    content = saved(NOISE, "PNG")
    assert np.array_equal(captured(content, replace(POLICY, max_pixels=63)).pixels, NOISE)
    for limit in (62, 31, 1):
        with pytest.raises(DarkroomError, match=rf"^more pixels than image.max_pixels allows \({limit}\)$"):
            captured(content, replace(POLICY, max_pixels=limit))
    assert Image.MAX_IMAGE_PIXELS == 5


def test_any_damage_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    draw = np.random.default_rng(1)
    contents = [odd.content for odd in FILES.values() if odd.content]
    policy, refused = replace(POLICY, max_pixels=10**6), 0
    for _ in range(1500):
        content = bytearray(contents[draw.integers(len(contents))])
        for offset in draw.integers(0, min(len(content), 400), draw.integers(1, 9)):
            content[offset] = draw.integers(256)
        notes, pixels = read(bytes(content), ".png", policy)
        assert "\n" not in "".join(notes)
        refused += pixels is None
    assert 300 < refused < 1500
    assert capfd.readouterr() == ("", "")


def test_global_state_is_restored(capfd: pytest.CaptureFixture[str]) -> None:
    filters = list(warnings.filters)
    captured(next(odd.content for odd in FILES.values() if "damaged JPEG data" in odd.notes), POLICY)
    print("printed", file=sys.stderr)
    assert (capfd.readouterr().err, warnings.filters) == ("printed\n", filters)


def test_a_process_without_standard_error_reads_too(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(saved(NOISE, "JPEG"))
    imports = "import sys; from darkroom.data import images; from darkroom.core.image_policy import ImagePolicy"
    policy = "ImagePolicy(4, 4, 3, 'pad', 'area', (0, 0, 0), 99)"
    program = f"{imports}; print(images.decode(open(sys.argv[1], 'rb').read(), {policy}).shape)"
    words = [sys.executable, "-c", program, str(tmp_path / "a.jpg")]
    ended = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *words], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "(4, 4, 3)\n")


@pytest.mark.parametrize("function", ["high_bit_depth.bits", "high_bit_depth.pixels", "orientation.normalize"])
@pytest.mark.parametrize("error", [ValueError, TypeError, KeyError, RuntimeError])
def test_an_error_of_ours_keeps_its_traceback(function: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise error("a bug")

    monkeypatch.setattr(f"darkroom.data.images.decoding.{function}", broken)
    with pytest.raises(error, match="a bug"):
        images.read(high_bit_depth(NOISE.astype(np.uint16) * 257, "PNG"), POLICY)


def tiff_16(planes: list[np.ndarray], planar: bool, extra: int | None) -> bytes:
    """An uncompressed TIFF of 16-bit bands, one plane each or interleaved; `extra` is the meaning of a fourth band."""
    (height, width), count = planes[0].shape, len(planes)
    strips = [plane.astype("<u2").tobytes() for plane in planes] if planar else [np.dstack(planes).astype("<u2").tobytes()]
    offsets = [8 + sum(map(len, strips[:number])) for number in range(len(strips))]
    tags = [(256, 4, [width]), (257, 4, [height]), (258, 3, [16] * count), (259, 3, [1]), (262, 3, [2]), (273, 4, offsets)]
    tags += [(277, 3, [count]), (278, 4, [height]), (279, 4, list(map(len, strips))), (284, 3, [1 + planar])]
    tags += [] if extra is None else [(338, 3, [extra])]
    start = 8 + sum(map(len, strips))
    beyond, entries, rest = start + 2 + 12 * len(tags) + 4, b"", b""
    for tag, kind, values in tags:
        packed = b"".join(value.to_bytes(2 if kind == 3 else 4, "little") for value in values)
        if len(packed) > 4:
            rest, packed = rest + packed, (beyond + len(rest)).to_bytes(4, "little")
        entries += struct.pack("<HHI4s", tag, kind, len(values), packed)
    return struct.pack("<4sI", b"II*\0", start) + b"".join(strips) + struct.pack("<H", len(tags)) + entries + bytes(4) + rest


@pytest.mark.parametrize("count", [3, 4])
def test_16_bit_planes_are_refused(count: int) -> None:
    """OpenCV returns uninitialised memory for them: different pixels at each read."""
    content = tiff_16([NOISE[..., 0]] * count, True, 2 if count == 4 else None)
    with pytest.raises(
        DarkroomError, match="^16 bit with a plane for each channel, which is not supported; save it interleaved$"
    ):
        captured(content, POLICY)


def test_a_fourth_band_of_a_tiff_need_not_be_alpha() -> None:
    bands = [NOISE[..., band].astype(np.uint16) * 257 for band in (0, 1, 2, 0)]
    image = captured(tiff_16(bands, False, 0), POLICY)
    assert (image.notes, np.array_equal(image.pixels, NOISE)) == (("16 bit",), True)


@pytest.mark.parametrize(("bits", "key"), [(1, 1), (2, 2), (4, 7), (8, 100)])
def test_the_transparent_value_of_a_grey_png_of_any_depth(bits: int, key: int) -> None:
    """Pillow scales values of 2 and 4 bits to 8, but not the transparent one."""
    most = 2**bits - 1
    row = int("".join(format(value, f"0{bits}b") for value in (0, key, most, 0, 0, 0, 0, 0)), 2).to_bytes(bits, "big")
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 8, 1, bits, 0, 0, 0, 0)), (b"tRNS", struct.pack(">H", key))]
    chunks += [(b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    pixels = captured(content, replace(POLICY, background=(9, 9, 9))).pixels
    assert pixels[0, :4].tolist() == [0, 9, 9 if key == most else 255, 0]
