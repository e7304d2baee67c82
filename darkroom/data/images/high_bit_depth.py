"""Pictures with more than 8 bits a value: scaled by their range, so that white stays white, and rounded to the nearest."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import BITSPERSAMPLE, EXTRASAMPLES, PHOTOMETRIC_INTERPRETATION, TiffImageFile

Pixels = NDArray[np.uint8]

PNG_DEPTH, PNG_COLOURS, GREY_AND_ALPHA = 24, 25, 4  # two places in the header of a PNG, and a value of the second
WHITE_IS_ZERO, PREMULTIPLIED = 0, (1,)


def bits(image: Image.Image, content: bytes) -> int:
    """How many bits a value has; 8 where it has fewer, or is of a kind without a range."""
    if image.format == "PNG":
        return max(8, content[PNG_DEPTH])
    if isinstance(image, TiffImageFile):
        return int(max(8, *image.tag_v2.get(BITSPERSAMPLE, (1,))))
    return 16 if image.mode.startswith("I") else 8


def pixels(image: Image.Image, content: bytes, bits: int) -> Pixels | None:
    """uint8 H x W or H x W x C of a loaded image with `bits` a value; None where its 8 bits in Pillow are all there is.

    Pillow keeps only the upper 8 bits of colours, so those are OpenCV's. It has read them too: it sees where a file is damaged.
    """
    if image.mode.startswith("I;16") or (image.format == "PPM" and image.mode == "I"):
        return _grey(image, 2**bits - 1)
    premultiplied = isinstance(image, TiffImageFile) and image.tag_v2.get(EXTRASAMPLES) == PREMULTIPLIED
    if bits != 16 or premultiplied or image.mode not in ("RGB", "RGBA", "LA"):
        return None
    values = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.ndim != 3:
        return None
    grey = image.format == "PNG" and content[PNG_COLOURS] == GREY_AND_ALPHA
    order = [0, -1] if grey else [2, 1, 0, *range(3, values.shape[2])]
    return _scaled(cast("NDArray[np.uint16]", values)[..., order], 65535)


def _grey(image: Image.Image, white: int) -> Pixels:
    values = np.asarray(image)
    scaled = _scaled(values, white)
    if isinstance(image, TiffImageFile) and image.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == WHITE_IS_ZERO:
        scaled = 255 - scaled  # Pillow leaves this to its readers where there are 16 bits
    key = image.info.get("transparency")
    if key is None:
        return scaled
    return np.dstack([scaled, np.where(values == key, 0, 255).astype(np.uint8)])


def _scaled(values: NDArray[np.uint16], white: int) -> Pixels:
    return ((values.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8)
