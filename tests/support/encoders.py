"""Encodes unusual image files: any EXIF orientation in any format, 16 bit, CMYK, wrong headers."""

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

Pixels = np.ndarray

STORED = {  # EXIF orientation: how the image must be transposed in the file
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
ORIENTATION, SHORT = 0x0112, 3
BEST = {
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "JPEG": {"quality": 95, "subsampling": "4:4:4"},
    "WEBP": {"lossless": True, "exact": True},
}
ADOBE, TRANSFORM = b"Adobe", 11


def scene(draw: np.random.Generator) -> Pixels:
    """An image of soft colours, of random size and proportion: uint8 H x W x 3."""
    height, width = draw.integers(40, 120, 2)
    coarse = draw.integers(0, 256, (4, 5, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (int(width), int(height)), interpolation=cv2.INTER_CUBIC))


def saved(pixels: Pixels | Image.Image, image_format: str, **options: object) -> bytes:
    """The image as a file of a format, by Pillow's name, with as little loss as the format allows."""
    stream = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(stream, image_format, **{**BEST.get(image_format, {}), **options})
    return stream.getvalue()


def stored(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels (H x W x C) as a file of that EXIF orientation stores them."""
    if orientation == 1:
        return pixels
    planes = np.rollaxis(pixels, 2)
    return np.dstack([Image.fromarray(np.ascontiguousarray(plane)).transpose(STORED[orientation]) for plane in planes])


def turned(pixels: Pixels, orientation: int, image_format: str) -> bytes:
    """Pixels (8 bit grey and alpha, RGB, RGBA) as a file of that EXIF orientation."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return saved(np.ascontiguousarray(stored(pixels, orientation)), image_format, exif=exif.tobytes())


def high_bit_depth(pixels: Pixels, image_format: str, orientation: int = 1) -> bytes:
    """Pixels (uint16 H x W x C, 1: grey, 3: RGB, 4: RGBA) as a PNG or TIFF of that EXIF orientation."""
    order = [0] if pixels.shape[2] == 1 else [2, 1, 0, *range(3, pixels.shape[2])]
    suffix, options = (".png", []) if image_format == "PNG" else (".tif", [cv2.IMWRITE_TIFF_COMPRESSION, 1])
    _, encoded = cv2.imencode(suffix, np.ascontiguousarray(stored(pixels, orientation)[..., order]), options)
    if image_format == "PNG":
        exif = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, ORIENTATION, SHORT, 1, orientation, 0, 0)
        return with_chunk(encoded.tobytes(), b"eXIf", exif)
    return _with_entry(encoded.tobytes(), struct.pack("<HHII", ORIENTATION, SHORT, 1, orientation))


def grey_alpha_16(pixels: Pixels) -> bytes:
    """Pixels (uint16 H x W x 2: grey, alpha) as a PNG, which neither Pillow nor OpenCV writes."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return with_chunk(png_header(width, height, 16, 4)[:33] + chunk(b"IEND", b""), b"IDAT", zlib.compress(rows))


def ycck(pixels: Pixels) -> bytes:
    """RGB as Adobe's YCCK JPEG: inverted CMY converted to YCbCr, with the transform flag of the marker set."""
    inks = Image.fromarray(255 - pixels).convert("YCbCr")
    planes = [Image.fromarray(255 - np.asarray(plane)) for plane in inks.split()]
    content = bytearray(saved(Image.merge("CMYK", [*planes, Image.new("L", inks.size, 0)]), "JPEG"))
    content[content.index(ADOBE) + TRANSFORM] = 2
    return bytes(content)


def cmyk(pixels: Pixels) -> Image.Image:
    """RGB as CMYK with as much black as possible."""
    black = 255 - pixels.max(axis=2, keepdims=True).astype(int)
    inks = np.rint((255 - pixels - black) * 255 / np.maximum(255 - black, 1))
    return Image.fromarray(np.dstack([inks, black]).astype(np.uint8), "CMYK")


def png_header(width: int, height: int, depth: int = 8, colours: int = 2) -> bytes:
    """A PNG whose header states a size, without any pixels."""
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """A PNG with a chunk inserted after its header."""
    return png[:33] + chunk(name, content) + png[33:]


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG, with its length and checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _with_entry(tiff: bytes, entry: bytes) -> bytes:
    """A TIFF of one page with another entry in its directory, which moves to the end of the file."""
    (start,) = struct.unpack_from("<I", tiff, 4)
    (count,) = struct.unpack_from("<H", tiff, start)
    entries = [tiff[start + 2 + 12 * number :][:12] for number in range(count)]
    ordered = sorted([entry, *entries], key=lambda item: struct.unpack_from("<H", item))
    directory = struct.pack("<H", len(ordered)) + b"".join(ordered) + bytes(4)
    return tiff[:4] + struct.pack("<I", len(tiff)) + tiff[8:] + directory
