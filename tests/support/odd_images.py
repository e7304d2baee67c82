"""Unusual image files, two of each sort, with the expected pixels and notes. The same seed gives the same bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import cv2
import numpy as np
from PIL import Image

from tests.support.encoders import cmyk, grey_alpha_16, high_bit_depth, png_header, saved, scene, turned, ycck

Pixels = np.ndarray
Colour = tuple[int, int, int]
Named = Iterator[tuple[str, "Odd"]]

BACKGROUND = (30, 160, 90)
SUFFIX = {"JPEG": ".jpg", "TIFF": ".tif", "JPEG2000": ".jp2", "MPO": ".jpg"}
LOSSY = {"JPEG": 4.0, "AVIF": 4.0, "MPO": 4.0}  # mean difference, of 255
TRUNCATED = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM")


@dataclass(frozen=True)
class Odd:
    """A file. `pixels` (uint8, orientation applied, opaque) is the expected result, None if it must be refused.

    `notes` are the expected ones, that the file is misnamed last; or the reason for the refusal. `tolerance` is the mean
    difference allowed for a lossy file.
    """

    content: bytes
    suffix: str
    pixels: Pixels | None
    notes: tuple[str, ...] = ()
    tolerance: float = 0.0


def odd_files(seed: int, background: Colour = BACKGROUND) -> dict[str, Odd]:
    """The files by a name that describes them. Transparent ones show `background`."""
    draw = np.random.default_rng(seed)
    groups = (plain, rotated, sixteen_bit, few_colours, four_colours, animated, misnamed, refused, truncated)
    files = chain(*(group(draw) for _ in range(2) for group in groups), *(transparent(draw, background) for _ in range(2)))
    return {f"{number:03d} {name}": odd for number, (name, odd) in enumerate(files)}


def of(image_format: str, content: bytes, pixels: Pixels | None, *notes: str) -> Odd:
    """A file with the suffix of its format."""
    return Odd(content, SUFFIX.get(image_format, f".{image_format.lower()}"), pixels, notes, LOSSY.get(image_format, 0.0))


def plain(draw: np.random.Generator) -> Named:
    for image_format in ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM"):
        yield f"plain {image_format}", of(image_format, saved(pixels := scene(draw), image_format), pixels)
    yield "progressive", of("JPEG", saved(pixels := scene(draw), "JPEG", progressive=True), pixels)
    yield "grey", of("JPEG", saved(grey := scene(draw)[..., 0], "JPEG"), grey)
    yield "opaque alpha", of("PNG", saved(np.dstack([pixels, np.full_like(pixels[..., :1], 255)]), "PNG"), pixels)
    content = saved(scene(draw), "JPEG")
    # The zeros inserted before the end change no pixel.
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    yield "damaged JPEG", of("JPEG", content[:-2] + bytes(60) + content[-2:], np.asarray(pixels), "damaged JPEG data")


def rotated(draw: np.random.Generator) -> Named:
    for orientation in range(2, 9):
        pixels, note = scene(draw), f"EXIF orientation {orientation}"
        yield f"orientation {orientation}", of("JPEG", turned(pixels, orientation, "JPEG"), pixels, note)
    for image_format in ("PNG", "WEBP", "TIFF", "AVIF"):
        pixels, orientation = scene(draw), int(draw.integers(2, 9))
        yield (
            f"turned {image_format}",
            of(image_format, turned(pixels, orientation, image_format), pixels, f"EXIF orientation {orientation}"),
        )
    for image_format in ("PNG", "TIFF"):
        content = high_bit_depth((pixels := scene(draw)).astype(np.uint16) * 257, image_format, 6)
        yield f"turned 16 bit {image_format}", of(image_format, content, pixels, "16 bit", "EXIF orientation 6")


def sixteen_bit(draw: np.random.Generator) -> Named:
    for image_format in ("PNG", "TIFF"):
        for channels in (1, 3):
            height, width = draw.integers(40, 120, 2)
            values = draw.integers(0, 65536, (height, width, channels), np.uint16)
            pixels = np.rint(values / 257).astype(np.uint8)
            shown = pixels if channels == 3 else pixels[..., 0]
            yield (
                f"16 bit {image_format} of {channels}",
                of(image_format, high_bit_depth(values, image_format), shown, "16 bit"),
            )


def few_colours(draw: np.random.Generator) -> Named:
    image = Image.fromarray(scene(draw))
    black = image.convert("1")
    for image_format in ("PNG", "BMP", "TIFF"):
        yield f"1 bit {image_format}", of(image_format, saved(black, image_format), np.asarray(black.convert("L")), "1 bit")
    few = image.quantize(int(draw.integers(5, 200)))
    for image_format in ("PNG", "BMP", "TIFF", "GIF"):
        yield f"palette {image_format}", of(image_format, saved(few, image_format), np.asarray(few.convert("RGB")), "palette")


def transparent(draw: np.random.Generator, background: Colour) -> Named:
    """Composited over the background in floating point, rounded to the nearest."""
    pixels = scene(draw)
    alpha = draw.integers(0, 256, (*pixels.shape[:2], 1), np.uint8)
    share, note = alpha / 255, "alpha over the background"
    over = np.rint(pixels * share + np.array(background) * (1 - share)).astype(np.uint8)
    over_grey = np.rint(pixels[..., :1] * share + np.array(background) * (1 - share)).astype(np.uint8)
    over_grey = over_grey[..., 0] if len(set(background)) == 1 else over_grey
    both, grey = np.dstack([pixels, alpha]), np.dstack([pixels[..., :1], alpha])
    for image_format in ("PNG", "WEBP", "TIFF"):
        yield f"RGBA {image_format}", of(image_format, saved(both, image_format), over, note)
        yield (
            f"16 bit RGBA {image_format}",
            of("PNG", high_bit_depth(both.astype(np.uint16) * 257, "PNG"), over, "16 bit", note),
        )
    yield "grey and alpha", of("PNG", saved(grey, "PNG"), over_grey, note)
    yield "16 bit grey and alpha", of("PNG", grey_alpha_16(grey.astype(np.uint16) * 257), over_grey, "16 bit", note)
    yield "turned RGBA", of("PNG", turned(both, 8, "PNG"), over, note, "EXIF orientation 8")
    few = Image.fromarray(pixels).quantize(8)
    pixels = np.where(np.asarray(few)[..., None] == 3, np.array(background, np.uint8), np.asarray(few.convert("RGB")))
    for image_format in ("PNG", "GIF"):
        yield (
            f"palette and alpha {image_format}",
            of(image_format, saved(few, image_format, transparency=3), pixels, "palette", note),
        )


def four_colours(draw: np.random.Generator) -> Named:
    for image_format in ("JPEG", "TIFF"):
        content = saved(cmyk(pixels := scene(draw)), image_format)
        yield f"CMYK {image_format}", Odd(content, SUFFIX[image_format], pixels, ("CMYK",), LOSSY["JPEG"])
    yield "YCCK", of("JPEG", ycck(pixels := scene(draw)), pixels, "YCCK")


def animated(draw: np.random.Generator) -> Named:
    frames = [first := scene(draw), 255 - first, first // 2]
    for image_format in ("WEBP", "PNG", "MPO"):  # not AVIF: an animated one contains the time, so its bytes differ
        content = saved(first, image_format, save_all=True, append_images=[Image.fromarray(frame) for frame in frames[1:]])
        yield f"animated {image_format}", of(image_format, content, first, "first of 3 frames")
    few, *rest = (Image.fromarray(frame).quantize(16) for frame in frames)
    content = saved(few, "GIF", save_all=True, append_images=rest)
    yield "animated GIF", of("GIF", content, np.asarray(few.convert("RGB")), "palette", "first of 3 frames")
    content = saved(first, "TIFF", save_all=True, append_images=[Image.fromarray(frames[1])])
    yield "pages", of("TIFF", content, first, "first of 2 pages")


def misnamed(draw: np.random.Generator) -> Named:
    for image_format, suffix in (("PNG", ".jpg"), ("BMP", ".tif"), ("WEBP", "")):
        note = f"a {image_format} file " + (f"named {suffix}" if suffix else "without a suffix")
        yield (
            f"{image_format} as {suffix or 'nothing'}",
            Odd(saved(pixels := scene(draw), image_format), suffix, pixels, (note,)),
        )


def refused(draw: np.random.Generator) -> Named:
    none, large = "not an image that Pillow or OpenCV can decode", "more pixels than image.max_pixels allows (100,000,000)"
    white = "values of Pillow's mode {}, which do not define white; save it with 8 or 16 bits"
    grey = scene(draw)[..., 0]
    yield "nothing", of("PNG", b"", None, "the file is empty")
    yield "text", of("JPEG", b"no image\n" * int(draw.integers(1, 9)), None, none)
    yield "SVG", of("PNG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', None, none)
    yield "PDF", of("TIFF", b"%PDF-1.7\n", None, none)
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99)
    yield "HEIC", of("HEIC", heic, None, "HEIC: no decoder here; convert it to JPEG or PNG")
    yield "bomb PNG", of("PNG", png_header(int(draw.integers(20_000, 60_000)), 50_000), None, large)
    yield "bomb GIF", of("GIF", b"GIF89a" + b"\xff" * 4 + bytes(3) + b"," + bytes(4) + b"\xff" * 4 + b"\0\2;", None, large)
    yield "float TIFF", of("TIFF", saved(grey.astype(np.float32) / 255, "TIFF"), None, white.format("F"))
    yield "32 bit TIFF", of("TIFF", saved(grey.astype(np.int32), "TIFF"), None, white.format("I"))


def truncated(draw: np.random.Generator) -> Named:
    for image_format in TRUNCATED:
        content = saved(scene(draw), image_format)
        kept = content[: int(len(content) * draw.uniform(0.3, 0.9))]
        fault = "damaged, truncated or unsupported" if image_format == "AVIF" else "damaged or truncated"
        yield f"truncated {image_format}", of(image_format, kept, None, f"a {fault} {image_format} file")
