"""OpenCV's codecs: files to pixels, and pixels to PNG. OpenCV orders channels blue, green, red; our own order is RGB."""

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

from darkroom.core.arrays import Pixels

Values = NDArray[np.uint8 | np.uint16]


def decode(content: bytes, flags: int) -> Values | None:
    """The pixels of an image file in OpenCV's channel order, read with its `flags`; None if it cannot decode the file."""
    try:
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error:
        return None
    return None if pixels is None else np.asarray(pixels)


def encode_png(pixels: Values) -> bytes:
    """PNG of uint8 or uint16 H x W or H x W x 1 (grey), x 3 (RGB) or x 4 (RGBA)."""
    _, content = cv2.imencode(".png", swapped(pixels))
    return content.tobytes()


def data_url(png: bytes) -> str:
    """A PNG file as a data URL."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def png_url(pixels: Values) -> str:
    """Pixels, as `encode_png` takes them, as the data URL of a PNG file."""
    return data_url(encode_png(pixels))


def thumbnail(pixels: Pixels, side: int) -> Pixels:
    """Uint8 H x W or H x W x C, scaled down if its longer side exceeds `side` pixels."""
    height, width, *channels = pixels.shape
    factor = side / max(height, width)
    if factor >= 1:
        return pixels
    size = max(1, round(width * factor)), max(1, round(height * factor))
    resized = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8).reshape(size[1], size[0], *channels)


def swapped(pixels: Values) -> Values:
    """H x W x C with red and blue exchanged, from our order to OpenCV's or back; grey and alpha stay where they are."""
    if pixels.ndim == 2 or pixels.shape[2] < 3:
        return np.ascontiguousarray(pixels)
    return np.ascontiguousarray(pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]])
