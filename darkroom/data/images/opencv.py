"""OpenCV's codecs: files to pixels, and pixels to PNG. OpenCV orders channels blue, green, red; our own order is RGB."""

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

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


def swapped(pixels: Values) -> Values:
    """H x W x C with red and blue exchanged, from our order to OpenCV's or back; grey and alpha stay where they are."""
    if pixels.ndim == 2 or pixels.shape[2] < 3:
        return np.ascontiguousarray(pixels)
    return np.ascontiguousarray(pixels[..., [2, 1, 0, *range(3, pixels.shape[2])]])
