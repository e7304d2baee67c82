"""Scales images with more than 8 bits per channel to 8 bits, by their full range (white stays white), rounded to nearest."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import BITSPERSAMPLE, EXTRASAMPLES, PHOTOMETRIC_INTERPRETATION, TiffImageFile

Pixels = NDArray[np.uint8]

PNG_DEPTH, PNG_COLOUR_TYPE = 24, 25  # offsets in the header of a PNG
GREY_AND_ALPHA = 4  # a colour type of PNG
WHITE_IS_ZERO, PREMULTIPLIED = 0, (1,)  # values of the TIFF tags PhotometricInterpretation and ExtraSamples


def bits(image: Image.Image, content: bytes) -> int:
    """Bits per channel; 8 if there are fewer, or if the format has no fixed range."""
    if image.format == "PNG":
        return max(8, content[PNG_DEPTH])
    if isinstance(image, TiffImageFile):
        return int(max(8, *image.tag_v2.get(BITSPERSAMPLE, (1,))))
    return 16 if image.mode.startswith("I") else 8


def pixels(image: Image.Image, content: bytes, bits: int) -> Pixels | None:
    """uint8 H x W or H x W x C of a loaded image with `bits` per channel; None if Pillow's own 8-bit values must do.

    Pillow keeps only the upper 8 bits of colour images, so OpenCV decodes those. Pillow has already loaded them, and
    so checked them for damage.
    """
    if image.mode.startswith("I;16") or (image.format == "PPM" and image.mode == "I"):
        return _grey(image, 2**bits - 1)
    premultiplied = isinstance(image, TiffImageFile) and image.tag_v2.get(EXTRASAMPLES) == PREMULTIPLIED
    if bits != 16 or premultiplied or image.mode not in ("RGB", "RGBA", "LA"):
        return None
    values = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.ndim != 3:
        return None
    grey = image.format == "PNG" and content[PNG_COLOUR_TYPE] == GREY_AND_ALPHA
    order = [0, -1] if grey else [2, 1, 0, *range(3, values.shape[2])]
    return _scaled(cast("NDArray[np.uint16]", values)[..., order], 65535)


def _grey(image: Image.Image, white: int) -> Pixels:
    values = np.asarray(image)
    scaled = _scaled(values, white)
    if isinstance(image, TiffImageFile) and image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == WHITE_IS_ZERO:
        scaled = 255 - scaled  # Pillow inverts 8-bit images itself, but not 16-bit ones
    key = image.info.get("transparency")
    if key is None:
        return scaled
    return np.dstack([scaled, np.where(values == key, 0, 255).astype(np.uint8)])


def _scaled(values: NDArray[np.uint16], white: int) -> Pixels:
    return ((values.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8)
