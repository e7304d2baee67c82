"""Whole pictures from files: each of the zoo is read as what it shows, or refused with its reason."""

import io
import subprocess
import sys
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import images
from darkroom.data.images import formats
from tests.conftest import ROOT
from tests.support import odd_images as zoo
from tests.support.encoders import deep, saved, scene, turned

POLICY = ImagePolicy(4, 4, 3, "stretch", "area", zoo.BACKGROUND, 10**8)
NOISE = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
FILES = zoo.odd_files(0)

listened = partial(images.read, listen=True)


def read(content: bytes, suffix: str, policy: ImagePolicy = POLICY) -> tuple[tuple[str, ...], np.ndarray | None]:
    """What is said of a file, and the picture."""
    try:
        picture = listened(content, policy)
    except DarkroomError as refusal:
        return (str(refusal),), None
    misnamed = images.misnamed(content, f"name{suffix}")
    return (*picture.notes, *([misnamed] if misnamed else [])), picture.pixels


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_the_zoo(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    odd = FILES[name]
    said, pixels = read(odd.content, odd.suffix)
    assert said == odd.said
    assert (pixels is None) == (odd.pixels is None)
    if pixels is not None and odd.pixels is not None:
        assert (pixels.dtype, pixels.shape) == (np.uint8, odd.pixels.shape)
        assert np.abs(pixels.astype(int) - odd.pixels).mean() <= odd.tolerance
    assert capfd.readouterr() == ("", "")


def test_the_zoo_has_each_kind_twice_and_comes_from_its_seed() -> None:
    again = zoo.odd_files(0)
    assert [odd.content for odd in again.values()] == [odd.content for odd in FILES.values()]
    assert FILES.keys() == zoo.odd_files(1).keys()
    names = [name.split(maxsplit=1)[1] for name in FILES]
    assert {names.count(name) for name in names} == {2}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_in_every_kind_of_file(orientation: int) -> None:
    colours = scene(np.random.default_rng(orientation))
    opaque = np.dstack([colours, np.full_like(colours[..., :1], 255)])
    lossless = [turned(pixels, orientation, kind) for kind in ("PNG", "WEBP", "TIFF") for pixels in (colours, opaque)]
    lossless += [
        deep(pixels.astype(np.uint16) * 257, kind, orientation) for kind in ("PNG", "TIFF") for pixels in (colours, opaque)
    ]
    for content in lossless:
        found = listened(content, POLICY)
        assert np.array_equal(found.pixels, colours)
        assert (f"EXIF orientation {orientation}" in found.notes) == (orientation > 1)
    for kind in ("JPEG", "AVIF"):
        found = listened(turned(colours, orientation, kind), POLICY)
        assert np.abs(found.pixels.astype(int) - colours).mean() < zoo.LOSSY[kind]


@pytest.mark.parametrize("options", [{"subsampling": "4:2:0"}, {"progressive": True}, {"quality": 30, "subsampling": "4:1:1"}])
def test_a_jpeg_has_the_values_that_pillow_gives(options: dict[str, object]) -> None:
    colours = scene(np.random.default_rng(0))
    for pixels in (colours, colours[..., 1]):
        content = saved(pixels, "JPEG", **options)
        assert np.array_equal(listened(content, POLICY).pixels, np.asarray(Image.open(io.BytesIO(content))))


def test_grey_and_alpha_stays_grey_on_grey_alone() -> None:
    content = saved(np.ascontiguousarray(NOISE[..., :2]), "PNG")
    assert listened(content, replace(POLICY, background=(9, 9, 9))).pixels.shape == (9, 7)
    assert listened(content, replace(POLICY, background=(9, 9, 8))).pixels.shape == (9, 7, 3)


def test_16_bit_where_white_is_zero_and_where_one_value_is_transparent() -> None:
    values = np.array([[0, 32768, 65535]], np.uint16)
    assert listened(saved(values, "TIFF"), POLICY).pixels.tolist() == [[0, 128, 255]]
    assert listened(saved(values, "TIFF", tiffinfo={262: 0}), POLICY).pixels.tolist() == [[255, 127, 0]]
    keyed = saved(values, "PNG", transparency=32768)
    assert listened(keyed, replace(POLICY, background=(7, 7, 7))).pixels.tolist() == [[0, 7, 255]]


def test_max_pixels_is_the_only_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    content = saved(NOISE, "PNG")
    assert np.array_equal(listened(content, replace(POLICY, max_pixels=63)).pixels, NOISE)
    for limit in (62, 31, 1):
        with pytest.raises(DarkroomError, match=rf"^more pixels than image.max_pixels allows \({limit}\)$"):
            listened(content, replace(POLICY, max_pixels=limit))
    assert Image.MAX_IMAGE_PIXELS == 5


def test_whatever_damage_raises_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    draw = np.random.default_rng(1)
    contents = [odd.content for odd in FILES.values() if odd.content]
    policy, refused = replace(POLICY, max_pixels=10**6), 0
    for _ in range(1500):
        content = bytearray(contents[draw.integers(len(contents))])
        for place in draw.integers(0, min(len(content), 400), draw.integers(1, 9)):
            content[place] = draw.integers(256)
        said, pixels = read(bytes(content), ".png", policy)
        assert "\n" not in "".join(said)
        refused += pixels is None
    assert 300 < refused < 1500
    assert capfd.readouterr() == ("", "")


def test_what_is_global_is_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    filters = list(warnings.filters)
    listened(next(odd.content for odd in FILES.values() if "damaged JPEG data" in odd.said), POLICY)
    print("heard", file=sys.stderr)
    assert (capfd.readouterr().err, warnings.filters) == ("heard\n", filters)


def test_a_process_without_standard_error_reads_too(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(saved(NOISE, "JPEG"))
    program = "import sys; from pipeline.data import images; print(images.decode(open(sys.argv[1], 'rb').read(), ImagePolicy"
    words = [sys.executable, "-c", f"{program}(4, 4, 3, 'pad', 'area', (0, 0, 0), 99)).shape)", str(tmp_path / "a.jpg")]
    ended = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *words], cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "(4, 4, 3)\n")


@pytest.mark.parametrize(
    ("begins", "name", "told"),
    [
        (b"\xff\xd8\xff", "a.JPEG", None),
        (b"II*\0", "a.tiff", None),
        (b"\0\0\0\x20ftypmif1\0\0\0\0mif1avif", "a.png", "an AVIF file named .png"),
        (b"\0\0\0\x20ftypmif1\0\0\0\0mif1heix", "a.jpg", "an HEIC file named .jpg"),
        (b"\0\0\0\x20ftypisom\0\0\0\0isommp41", "a.jpg", None),
        (b"RIFF\0\0\0\0WEBP", "a", "a WEBP file without a suffix"),
    ],
)
def test_a_suffix_is_held_to_the_content(begins: bytes, name: str, told: str | None) -> None:
    assert formats.misnamed(begins, name) == told
