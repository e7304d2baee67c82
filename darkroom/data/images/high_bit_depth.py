"""Scales images with more than 8 bits per channel to 8, over their full range (white stays white), rounded to nearest."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import (
    BITSPERSAMPLE,
    EXTRASAMPLES,
    PHOTOMETRIC_INTERPRETATION,
    PLANAR_CONFIGURATION,
    TiffImageFile,
)

from darkroom.core.arrays import Pixels
from darkroom.core.errors import DarkroomError
from darkroom.data.images import opencv

PNG_DEPTH, PNG_COLOUR_TYPE = 24, 25  # offsets in the header of a PNG
GREY_AND_ALPHA = 4  # a colour type of PNG
# Values of the TIFF tags PhotometricInterpretation, ExtraSamples and PlanarConfiguration.
WHITE_IS_ZERO, PREMULTIPLIED, SEPARATE_PLANES = 0, (1,), 2


def bits(image: Image.Image, content: bytes) -> int:
    """Bits per channel; 8 if there are fewer, or if the format has no fixed range."""
    if image.format == "PNG":
        return 16 if content[PNG_DEPTH] == 16 else 8
    if isinstance(image, TiffImageFile):
        return int(max(8, *image.tag_v2.get(BITSPERSAMPLE, (1,))))
    return 16 if image.mode.startswith("I") else 8


def pixels(image: Image.Image, content: bytes, bits: int) -> Pixels | None:
    """uint8 H x W or H x W x C of a loaded image with `bits` per channel; None if Pillow's own 8-bit values are used.

    Pillow keeps only the upper 8 bits of colour images, so OpenCV decodes those; Pillow, which has already loaded the image,
    has checked it for damage. Raises DarkroomError for a TIFF with a plane for each channel: Pillow decodes it wrongly, and
    OpenCV returns uninitialised memory.
    """
    tags = image.tag_v2 if isinstance(image, TiffImageFile) else {}
    if tags.get(PLANAR_CONFIGURATION) == SEPARATE_PLANES and len(image.getbands()) > 1:
        raise DarkroomError(f"{bits} bit with a plane for each channel, which is not supported; save it interleaved")
    if image.mode.startswith("I;16") or (image.format == "PPM" and image.mode == "I"):
        return _grey(image, 2**bits - 1)
    if bits != 16 or tags.get(EXTRASAMPLES) == PREMULTIPLIED or image.mode not in ("RGB", "RGBA", "LA"):
        return None
    values = opencv.decode(content, cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.ndim != 3:
        return None
    grey = image.format == "PNG" and content[PNG_COLOUR_TYPE] == GREY_AND_ALPHA
    bands = 3 if tags and image.mode == "RGB" else values.shape[2]  # a fourth band of a TIFF need not be alpha
    order = [0, -1] if grey else [2, 1, 0, *range(3, bands)]
    return _scaled(cast("NDArray[np.uint16]", values)[..., order], 65535)


def scaled_key(key: int, content: bytes) -> int:
    """The transparent grey value of a PNG, scaled like the pixels: Pillow scales 2-bit and 4-bit grey, but not this key."""
    depth = content[PNG_DEPTH]
    return key % 2**depth * 255 // (2**depth - 1) if depth in (2, 4) else key


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
