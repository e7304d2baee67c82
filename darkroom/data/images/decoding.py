"""From the bytes of an image file to its pixels: uint8, orientation applied, opaque, grey or RGB.

Pillow reads every header and decodes most formats. OpenCV decodes plain JPEG, to the same values in less time, and 16-bit
colour, of which Pillow keeps only the upper 8 bits. Colour profiles are not applied.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError, features

from darkroom.core.arrays import Pixels
from darkroom.core.errors import DarkroomError
from darkroom.data.images import high_bit_depth, opencv, orientation
from darkroom.data.images.formats import UNSUPPORTED, format_of
from darkroom.data.images.orientation import Background
from darkroom.data.images.stderr_guard import captured_stderr, pillow_guard

Guard = Callable[[], AbstractContextManager[None]]

YCCK = 2  # the colour transform in Adobe's marker of a four-colour JPEG stored as YCCK
OPTIONAL_DECODERS = {"WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000"}  # Pillow can be built without them
MODES = {  # Pillow's mode: the mode to convert to, and the note about it
    "1": ("L", "1 bit"),
    "L": ("L", None),
    "RGB": ("RGB", None),
    "RGBX": ("RGB", None),
    "P": ("RGB", "palette"),
    "CMYK": ("RGB", "CMYK"),
    "YCbCr": ("RGB", "YCbCr"),
    "LA": ("LA", None),
    "La": ("LA", None),
    "PA": ("RGBA", "palette"),
    "RGBA": ("RGBA", None),
    "RGBa": ("RGBA", None),
}
# All that Pillow raised for tens of thousands of files with a few bytes changed.
DAMAGE = (OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, RuntimeError, struct.error, zlib.error)


@dataclass(frozen=True)
class DecodedImage:
    """An image at its own size: `pixels` is uint8 H x W (grey) or H x W x 3 (RGB), orientation applied, opaque.

    `notes` names each conversion that the file needed, in fixed words; it is empty for a plain file.
    """

    pixels: Pixels
    notes: tuple[str, ...]


def decode(content: bytes, background: Background, max_pixels: int, capture_stderr: bool = False) -> DecodedImage:
    """Decodes an image file; transparent pixels show `background` (RGB).

    With `capture_stderr` nothing is printed, and damage that libjpeg only prints becomes a note; meanwhile standard error of
    the whole process is redirected. Raises DarkroomError, in fixed words, for a file that is not an image, has no decoder here,
    is damaged or truncated, or has more than `max_pixels`.
    """
    image_format = _supported_format(content)
    with captured_stderr() if capture_stderr else nullcontext(bytes) as printed:
        pixels, notes = _decode(image_format, content, background, max_pixels)
        damaged = ("damaged JPEG data",) if b"Corrupt JPEG data" in printed() else ()
    return DecodedImage(np.ascontiguousarray(pixels), (*damaged, *notes))


def _supported_format(content: bytes) -> str:
    if not content:
        raise DarkroomError("the file is empty")
    name = format_of(content)
    if name is None:
        raise DarkroomError("not an image that Pillow or OpenCV can decode")
    if name in UNSUPPORTED or (name in OPTIONAL_DECODERS and not features.check(OPTIONAL_DECODERS[name])):
        raise DarkroomError(f"{name}: no decoder here; convert it to JPEG or PNG")
    return name


def _decode(image_format: str, content: bytes, background: Background, max_pixels: int) -> tuple[Pixels, list[str]]:
    pillow: Guard = partial(_pillow, image_format, max_pixels)
    with pillow():
        image = Image.open(io.BytesIO(content), formats=[image_format])
    if image.width * image.height > max_pixels:
        raise _too_large(max_pixels)
    with pillow():
        turn, frames = image.getexif().get(ExifTags.Base.Orientation, 1), getattr(image, "n_frames", 1)
    plain_jpeg = image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB")
    if plain_jpeg and (pixels := _with_opencv(image.mode, content)) is not None:
        decoded: tuple[Pixels, list[str]] = pixels, []
    else:
        decoded = _with_pillow(image, content, pillow)
    return orientation.normalize(*decoded, turn, frames, image.format == "TIFF", background)


@contextmanager
def _pillow(image_format: str, max_pixels: int) -> Iterator[None]:
    """Wraps calls into Pillow and nothing else: what they raise for a damaged file becomes a DarkroomError."""
    try:
        with pillow_guard(max_pixels):
            yield
    except Image.DecompressionBombError:
        raise _too_large(max_pixels) from None
    except UnidentifiedImageError:
        raise DarkroomError(f"a damaged, truncated or unsupported {image_format} file") from None
    except DAMAGE:
        raise DarkroomError(f"a damaged or truncated {image_format} file") from None


def _too_large(max_pixels: int) -> DarkroomError:
    return DarkroomError(f"more pixels than image.max_pixels allows ({max_pixels:,})")


def _with_opencv(mode: str, content: bytes) -> Pixels | None:
    """A plain JPEG as stored in the file, uint8 H x W or H x W x 3; None where OpenCV cannot decode it."""
    flag = cv2.IMREAD_COLOR_RGB if mode == "RGB" else cv2.IMREAD_GRAYSCALE
    pixels = opencv.decode(content, flag | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if pixels is None else np.asarray(pixels, np.uint8)


def _with_pillow(image: Image.Image, content: bytes, pillow: Guard) -> tuple[Pixels, list[str]]:
    """uint8 H x W (grey), or H x W x C: grey and alpha, RGB, RGB and alpha; and the notes."""
    bits = high_bit_depth.bits(image, content)
    with pillow():
        image.load()
    notes = [f"{bits} bit"] if bits > 8 else []
    if bits > 8 and (pixels := high_bit_depth.pixels(image, content, bits)) is not None:
        return pixels, notes
    if image.mode not in MODES:
        raise DarkroomError(f"values of Pillow's mode {image.mode}, which do not define white; save it with 8 or 16 bits")
    mode, note = MODES[image.mode]
    if image.has_transparency_data and not mode.endswith("A"):
        mode = "LA" if mode == "L" else "RGBA"
    if note:
        notes.append("YCCK" if image.mode == "CMYK" and image.info.get("adobe_transform") == YCCK else note)
    if image.format == "PNG" and image.mode == "L" and isinstance(key := image.info.get("transparency"), int):
        image.info["transparency"] = high_bit_depth.scaled_key(key, content)
    with pillow():
        converted = image.convert(mode)
    return np.asarray(converted), notes
