"""The image policy: how every image becomes the input of the network. It travels inside the ONNX file."""

from dataclasses import dataclass
from typing import Literal, get_args

import cv2

Channels = Literal[1, 3]
Shape = Literal["stretch", "pad", "crop"]
Interpolation = Literal["nearest", "linear", "cubic", "area", "lanczos"]

MAX_SIDE = 4096  # pixels, of the network's input
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

    `shape` applies to images of another aspect ratio: `stretch` ignores the ratio, `pad` keeps the whole image on `background`,
    `crop` keeps the centre. `interpolation` is one of OpenCV's methods. `area` is used only along an axis that shrinks; an
    axis that grows uses `linear`. `background` (RGB) also shows through transparent pixels. A file that claims
    more than `max_pixels` (width x height) is refused before it is decoded.
    """

    height: int
    width: int
    channels: Channels
    shape: Shape
    interpolation: Interpolation
    background: tuple[int, int, int]
    max_pixels: int

    @property
    def max_bytes(self) -> int:
        """The largest file of `max_pixels`: four float32 channels, not compressed, and 16 MiB of profiles and previews."""
        return 16 * self.max_pixels + 2**24
