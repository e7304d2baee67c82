"""The one path from an image file, or from raw pixels, to the input of the network.

Training, verification and `darkroom predict` all use it; the image policy travels inside the ONNX file. It needs only Pillow,
OpenCV and NumPy.
"""

import cv2
import numpy as np

from darkroom.core.arrays import Pixels
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import INTERPOLATIONS, ImagePolicy
from darkroom.data.images import decoding
from darkroom.data.images.decoding import DecodedImage
from darkroom.data.images.formats import SUFFIXES, misnamed

__all__ = ["SUFFIXES", "DecodedImage", "conform", "decode", "misnamed", "read"]


def decode(content: bytes, policy: ImagePolicy) -> Pixels:
    """Decodes an image file to uint8 H x W x C by `policy`. Raises DarkroomError, with the reason, if that is impossible."""
    return conform(read(content, policy).pixels, policy)


def read(content: bytes, policy: ImagePolicy, capture_stderr: bool = False) -> DecodedImage:
    """The image at its own size, with its EXIF orientation applied and without alpha. Raises DarkroomError as `decode` does.

    With `capture_stderr` the notes include damage that libjpeg reports only on standard error. That redirects standard error
    of the whole process, so only stages use it.
    """
    return decoding.decode(content, policy.background, policy.max_pixels, capture_stderr)


def conform(pixels: Pixels, policy: ImagePolicy) -> Pixels:
    """Converts uint8 pixels, H x W or H x W x C (RGB order), to the size and channels of `policy`.

    Colour becomes grey by the same formula for every source: OpenCV's 0.299 R + 0.587 G + 0.114 B.
    """
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3)):
        raise DarkroomError(f"pixels must be uint8 H x W, H x W x 1 or H x W x 3, not {pixels.dtype} {pixels.shape}")
    if 0 in pixels.shape:
        raise DarkroomError(f"an image without pixels: {pixels.shape}")
    resized = _resize(_convert_channels(pixels, policy.channels), policy)
    return np.ascontiguousarray(resized.reshape(policy.height, policy.width, policy.channels))


def _convert_channels(pixels: Pixels, channels: int) -> Pixels:
    if channels == (1 if pixels.ndim == 2 else pixels.shape[2]):
        return pixels
    code = cv2.COLOR_GRAY2RGB if channels == 3 else cv2.COLOR_RGB2GRAY
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def _resize(pixels: Pixels, policy: ImagePolicy) -> Pixels:
    height, width = pixels.shape[:2]
    if (height, width) == (policy.height, policy.width):
        return pixels
    if policy.shape == "stretch":
        return _scale(pixels, policy.height, policy.width, policy)
    fit = min if policy.shape == "pad" else max
    ratio = fit(policy.height / height, policy.width / width)
    scaled_height, scaled_width = max(1, round(height * ratio)), max(1, round(width * ratio))
    if scaled_height * scaled_width > policy.max_pixels:
        raise DarkroomError("too narrow: scaled for cropping, it has more pixels than image.max_pixels allows")
    return _pad_or_crop(_scale(pixels, scaled_height, scaled_width, policy), policy)


def _scale(pixels: Pixels, height: int, width: int, policy: ImagePolicy) -> Pixels:
    """Resizes. `area` averages along an axis that shrinks and interpolates linearly along one that grows.

    OpenCV's INTER_AREA would repeat pixels along the growing axis, so the two steps are separate.
    """
    interpolation = INTERPOLATIONS[policy.interpolation]
    if policy.interpolation == "area":
        size = min(width, pixels.shape[1]), min(height, pixels.shape[0])
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        interpolation = cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=interpolation), np.uint8)


def _pad_or_crop(pixels: Pixels, policy: ImagePolicy) -> Pixels:
    """Pads with the background or crops, evenly on both sides, to exactly the policy's size."""
    height, width = policy.height, policy.width
    rows, columns = max(0, height - pixels.shape[0]), max(0, width - pixels.shape[1])
    border = (rows // 2, rows - rows // 2, columns // 2, columns - columns // 2)
    background = _convert_channels(np.array([[policy.background]], np.uint8), policy.channels).ravel().tolist()
    padded = np.asarray(cv2.copyMakeBorder(pixels, *border, cv2.BORDER_CONSTANT, value=background), np.uint8)
    top, left = (padded.shape[0] - height) // 2, (padded.shape[1] - width) // 2
    return padded[top : top + height, left : left + width]
