"""The one path from an image file, or from raw pixels, to what the network is given.

Training, verification and `darkroom predict` all come through here; the policy travels inside the ONNX file. Only Pillow,
OpenCV and NumPy are needed.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import INTERPOLATIONS, ImagePolicy
from darkroom.data.images import decoding
from darkroom.data.images.decoding import Picture
from darkroom.data.images.formats import SUFFIXES, misnamed

__all__ = ["SUFFIXES", "Picture", "conform", "decode", "misnamed", "read"]

Pixels = NDArray[np.uint8]


def decode(content: bytes, policy: ImagePolicy) -> Pixels:
    """The bytes of an image file as uint8 H x W x C by `policy`. Raises DarkroomError, with the reason, if they cannot be read."""
    return conform(read(content, policy).pixels, policy)


def read(content: bytes, policy: ImagePolicy, listen: bool = False) -> Picture:
    """The whole picture in an image file, upright and opaque, and what had to be done for that. Raises DarkroomError as `decode`.

    With `listen` also notes damage that libjpeg only prints: for stages, since it holds standard error of the whole process.
    """
    return decoding.picture(content, policy.background, policy.max_pixels, listen)


def conform(pixels: Pixels, policy: ImagePolicy) -> Pixels:
    """Gives uint8 H x W or H x W x C pixels (RGB order) the size and the channels of `policy`.

    Colours become grey in one way, wherever they come from: OpenCV's 0.299 R + 0.587 G + 0.114 B.
    """
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3)):
        raise DarkroomError(f"pixels must be uint8 H x W, H x W x 1 or H x W x 3, not {pixels.dtype} {pixels.shape}")
    if 0 in pixels.shape:
        raise DarkroomError(f"an image without pixels: {pixels.shape}")
    resized = _resize(_channels(pixels, policy.channels), policy)
    return np.ascontiguousarray(resized.reshape(policy.height, policy.width, policy.channels))


def _channels(pixels: Pixels, wanted: int) -> Pixels:
    found = 1 if pixels.ndim == 2 else pixels.shape[2]
    if found == wanted:
        return pixels
    code = cv2.COLOR_GRAY2RGB if wanted == 3 else cv2.COLOR_RGB2GRAY
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def _resize(pixels: Pixels, policy: ImagePolicy) -> Pixels:
    height, width = pixels.shape[:2]
    if (height, width) == (policy.height, policy.width):
        return pixels
    if policy.shape == "stretch":
        return _scale(pixels, policy.height, policy.width, policy)
    fit = min if policy.shape == "pad" else max
    ratio = fit(policy.height / height, policy.width / width)
    down, across = max(1, round(height * ratio)), max(1, round(width * ratio))
    if down * across > policy.max_pixels:
        raise DarkroomError("too narrow: scaled to be cropped, it has more pixels than image.max_pixels allows")
    return _middle(_scale(pixels, down, across, policy), policy)


def _scale(pixels: Pixels, height: int, width: int, policy: ImagePolicy) -> Pixels:
    """Each axis by itself where `area` shrinks one and the other grows: OpenCV's own then repeats pixels along that one."""
    way = INTERPOLATIONS[policy.interpolation]
    if policy.interpolation == "area":
        least = min(width, pixels.shape[1]), min(height, pixels.shape[0])
        pixels, way = np.asarray(cv2.resize(pixels, least, interpolation=cv2.INTER_AREA), np.uint8), cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=way), np.uint8)


def _middle(pixels: Pixels, policy: ImagePolicy) -> Pixels:
    """Pads with the background or crops, evenly on both sides, to exactly the policy's size."""
    height, width = policy.height, policy.width
    down, across = max(0, height - pixels.shape[0]), max(0, width - pixels.shape[1])
    border = (down // 2, down - down // 2, across // 2, across - across // 2)
    behind = _channels(np.array([[policy.background]], np.uint8), policy.channels).ravel().tolist()
    padded = np.asarray(cv2.copyMakeBorder(pixels, *border, cv2.BORDER_CONSTANT, value=behind), np.uint8)
    top, left = (padded.shape[0] - height) // 2, (padded.shape[1] - width) // 2
    return padded[top : top + height, left : left + width]
