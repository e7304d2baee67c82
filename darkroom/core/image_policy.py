"""How every image becomes what the network is given; the policy travels inside the ONNX file."""

from dataclasses import dataclass
from typing import Literal, get_args

import cv2

Channels = Literal[1, 3]
Shape = Literal["stretch", "pad", "crop"]
Interpolation = Literal["nearest", "linear", "cubic", "area", "lanczos"]

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

    `shape` says what happens to other proportions: `stretch` ignores them, `pad` keeps all of the picture on `background`,
    `crop` keeps its middle. `interpolation` is OpenCV's, by its short name, but that `area` takes means only along an axis that
    shrinks, and is `linear` along one that grows. `background` (RGB) also shows through where a picture is transparent. A file
    that says it has more than `max_pixels` (width x height) is refused before it is decoded.
    """

    height: int
    width: int
    channels: Channels
    shape: Shape
    interpolation: Interpolation
    background: tuple[int, int, int]
    max_pixels: int
