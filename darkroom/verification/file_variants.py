"""One image as files of seven kinds, each with the pixels that a correct reader decodes it to.

All are PNG, which is lossless, so pixels can be compared exactly.
"""

import struct
from collections.abc import Iterator

import cv2
import numpy as np

from darkroom.core.arrays import Pixels
from darkroom.data.images.opencv import encode_png, swapped

HALF = 128
ORIENTATION_TAG, SHORT, ROTATE_CLOCKWISE = 0x0112, 3, 6


def file_variants(pixels: Pixels, background: tuple[int, int, int]) -> Iterator[tuple[str, bytes, Pixels]]:
    """For uint8 H x W, H x W x 1 or H x W x 3 (RGB): the kind of file, its bytes, and the pixels that it must decode to.

    These equal `pixels` except for the grey copy of a colour image and the half-transparent copy, through which `background`
    (RGB) shows.
    """
    flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    grey = flat if flat.ndim == 2 else _array(cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY))
    rgb = flat if flat.ndim == 3 else _array(cv2.cvtColor(flat, cv2.COLOR_GRAY2RGB))
    yield "plain", encode_png(flat), flat
    yield "rotated by EXIF", _rotated(flat), flat
    yield "with alpha", encode_png(np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])), flat
    yield "half-transparent", encode_png(np.dstack([rgb, np.full(rgb.shape[:2], HALF, np.uint8)])), _over(rgb, background)
    yield "16-bit", encode_png(flat.astype(np.uint16) * 257), flat
    yield "grey", encode_png(grey), grey
    yield "in colour", encode_png(rgb), flat


def _over(rgb: Pixels, background: tuple[int, int, int]) -> Pixels:
    alpha = HALF / 255  # in floating point, unlike the reader: no value falls halfway between two integers
    return _array(np.rint(rgb * alpha + np.array(background) * (1 - alpha)))


def _rotated(pixels: Pixels) -> bytes:
    """PNG of the image rotated by 90 degrees, with the EXIF orientation that makes a reader rotate it back."""
    rotated = np.ascontiguousarray(np.rot90(pixels))
    entry = struct.pack("<IHHHIHHI", 8, 1, ORIENTATION_TAG, SHORT, 1, ROTATE_CLOCKWISE, 0, 0)
    exif = np.frombuffer(b"II*\0" + entry, np.uint8)
    _, content = cv2.imencodeWithMetadata(".png", swapped(rotated), [cv2.IMAGE_METADATA_EXIF], [exif])
    return content.tobytes()


def _array(pixels: object) -> Pixels:
    return np.asarray(pixels, np.uint8)
