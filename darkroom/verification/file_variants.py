"""One image as files of seven kinds, each of which decodes to known pixels if it is read correctly.

All are PNG, which is lossless, so pixels can be compared exactly.
"""

import struct
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

HALF = 128
ORIENTATION_TAG, SHORT, ROTATE_CLOCKWISE = 0x0112, 3, 6


def file_variants(pixels: Pixels, background: tuple[int, int, int]) -> Iterator[tuple[str, bytes, Pixels]]:
    """For uint8 H x W or H x W x 3 (RGB): the kind of file, its bytes, and the pixels that it stands for.

    Those are `pixels` themselves for all kinds but two: a grey copy of a colour image, and a half-transparent copy, through
    which `background` (RGB) shows.
    """
    flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    grey = flat if flat.ndim == 2 else _array(cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY))
    rgb = flat if flat.ndim == 3 else _array(cv2.cvtColor(flat, cv2.COLOR_GRAY2RGB))
    yield "plain", _png(flat), flat
    yield "rotated by EXIF", _rotated(flat), flat
    yield "with alpha", _png(np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])), flat
    yield "half transparent", _png(np.dstack([rgb, np.full(rgb.shape[:2], HALF, np.uint8)])), _over(rgb, background)
    yield "16 bit", _png(flat.astype(np.uint16) * 257), flat
    yield "grey", _png(grey), grey
    yield "in colour", _png(rgb), flat


def _png(pixels: NDArray[np.uint8 | np.uint16]) -> bytes:
    """PNG of grey, RGB or RGBA."""
    _, content = cv2.imencode(".png", _bgr(pixels))
    return content.tobytes()


def _over(rgb: Pixels, background: tuple[int, int, int]) -> Pixels:
    alpha = HALF / 255  # in floating point, unlike the reader: no value falls halfway between two integers
    return _array(np.rint(rgb * alpha + np.array(background) * (1 - alpha)))


def _rotated(pixels: Pixels) -> bytes:
    """PNG of the image rotated by 90 degrees, with the EXIF orientation that makes a reader rotate it back."""
    rotated = np.ascontiguousarray(np.rot90(pixels))
    entry = struct.pack("<IHHHIHHI", 8, 1, ORIENTATION_TAG, SHORT, 1, ROTATE_CLOCKWISE, 0, 0)
    exif = np.frombuffer(b"II*\0" + entry, np.uint8)
    _, content = cv2.imencodeWithMetadata(".png", _bgr(rotated), [cv2.IMAGE_METADATA_EXIF], [exif])
    return content.tobytes()


def _bgr(pixels: NDArray[np.uint8 | np.uint16]) -> NDArray[np.uint8 | np.uint16]:
    """The channels in OpenCV's order."""
    if pixels.ndim == 2:
        return pixels
    return np.ascontiguousarray(pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]])


def _array(pixels: object) -> Pixels:
    return np.asarray(pixels, np.uint8)
