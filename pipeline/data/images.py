"""The one path from an image file, or from raw pixels, to what the network is given.

Training, verification and `pipeline.predict` all come through here; the policy travels inside the ONNX file. Only
OpenCV and NumPy are needed.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import Refusal

Pixels = NDArray[np.uint8]
Channels = Literal[1, 3]
Shape = Literal["stretch", "pad", "crop"]
Interpolation = Literal["nearest", "linear", "cubic", "area", "lanczos"]

JPEG = frozenset((".jfif", ".jpe", ".jpeg", ".jpg"))
SUFFIXES = JPEG | {".avif", ".bmp", ".gif", ".jp2", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
SHAPES = get_args(Shape)
INTERPOLATIONS = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos": cv2.INTER_LANCZOS4,
}


@dataclass(frozen=True)
class ImagePolicy:
    """How every image becomes `height` x `width` x `channels` uint8 (1: grey, 3: RGB).

    `shape` says what happens to other proportions: `stretch` ignores them, `pad` keeps all of the picture on black,
    `crop` keeps its middle. `interpolation` is OpenCV's, by its short name.
    """

    height: int
    width: int
    channels: Channels
    shape: Shape
    interpolation: Interpolation


def decode(content: bytes, policy: ImagePolicy) -> Pixels:
    """Decodes the bytes of an image file to uint8 H x W x C by `policy`. Raises Refusal if OpenCV cannot."""
    try:  # always as colours: each codec has a grey of its own, `conform` has one for all
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB) if content else None
    except cv2.error as error:
        raise Refusal(f"OpenCV refuses it: {error.err}") from None
    if pixels is None:
        raise Refusal("not an image that OpenCV can decode" if content else "the file is empty")
    return conform(pixels.astype(np.uint8, copy=False), policy)


def conform(pixels: Pixels, policy: ImagePolicy) -> Pixels:
    """Gives uint8 H x W or H x W x C pixels (RGB order) the size and the channels of `policy`."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (1, 3)):
        raise Refusal(f"pixels must be uint8 H x W, H x W x 1 or H x W x 3, not {pixels.dtype} {pixels.shape}")
    if 0 in pixels.shape:
        raise Refusal(f"an image without pixels: {pixels.shape}")
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
    scaled = _scale(pixels, max(1, round(height * ratio)), max(1, round(width * ratio)), policy)
    return _middle(scaled, policy.height, policy.width)


def _scale(pixels: Pixels, height: int, width: int, policy: ImagePolicy) -> Pixels:
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=INTERPOLATIONS[policy.interpolation]), np.uint8)


def _middle(pixels: Pixels, height: int, width: int) -> Pixels:
    """Pads with black or crops, evenly on both sides, to exactly height x width."""
    down, across = max(0, height - pixels.shape[0]), max(0, width - pixels.shape[1])
    border = (down // 2, down - down // 2, across // 2, across - across // 2)
    padded = np.asarray(cv2.copyMakeBorder(pixels, *border, cv2.BORDER_CONSTANT, value=0), np.uint8)
    top, left = (padded.shape[0] - height) // 2, (padded.shape[1] - width) // 2
    return padded[top : top + height, left : left + width]
