"""From the bytes of an image file to its whole picture: uint8, upright, opaque, grey or RGB.

Pillow reads every header and decodes nearly all. OpenCV decodes plain JPEG, to the same values in less time, and colours of 16
bit, of which Pillow keeps the upper half only. Colour profiles are not applied.
"""

import io
import struct
import zlib
from contextlib import nullcontext
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError, features

from darkroom.core.errors import DarkroomError
from darkroom.data.images import high_bit_depth
from darkroom.data.images.formats import REFUSED, kind_of
from darkroom.data.images.orientation import Background, upright
from darkroom.data.images.stderr_guard import overheard, undisturbed

Pixels = NDArray[np.uint8]

YCCK = 2  # what Adobe's marker says of a JPEG in four colours that were turned as YCbCr is
DECODERS = {"WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000"}  # Pillow can be built without them
MODES = {  # Pillow's modes: what to convert it to, and what is said of it
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
# what damaged files were seen to raise, over tens of thousands of them, each with some bytes changed
DAMAGE = (OSError, SyntaxError, ValueError, TypeError, EOFError, LookupError, RuntimeError, struct.error, zlib.error, cv2.error)


@dataclass(frozen=True)
class Picture:
    """A whole picture, upright and opaque: `pixels` is uint8 H x W (grey) or H x W x 3 (RGB).

    `notes` says in short, always the same words what had to be done to the file for that; it is empty for a plain file.
    """

    pixels: Pixels
    notes: tuple[str, ...]


def picture(content: bytes, background: Background, max_pixels: int, listen: bool = False) -> Picture:
    """Decodes a file; `background` (RGB) shows through where it is transparent.

    With `listen` nothing is printed, and damaged data, with which libjpeg goes on and prints a line, is noted; standard error
    is held meanwhile, for the whole process. Raises DarkroomError, with the reason in always the same words, for what is no picture,
    has no decoder here, is damaged or cut short, or has more than `max_pixels`.
    """
    kind = _readable(content)
    with overheard() if listen else nullcontext(bytes) as heard:
        pixels, notes = _refusing(kind, content, background, max_pixels)
        damaged = ("damaged JPEG data",) if b"Corrupt JPEG data" in heard() else ()
    return Picture(np.ascontiguousarray(pixels), (*damaged, *notes))


def _refusing(kind: str, content: bytes, background: Background, max_pixels: int) -> tuple[Pixels, list[str]]:
    try:
        with undisturbed(max_pixels):
            image = Image.open(io.BytesIO(content), formats=[kind])
            if image.width * image.height > max_pixels:
                raise _too_large(max_pixels)
            turn, frames = image.getexif().get(ExifTags.Base.Orientation, 1), getattr(image, "n_frames", 1)
            plain = image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB")
            found = None if plain else _decoded(image, content)
        if found is None and (pixels := _jpeg(image.mode, content)) is not None:  # by any number of threads at once
            found = pixels, []
        if found is None:
            with undisturbed(max_pixels):  # Pillow says why, or knows it better
                found = _decoded(image, content)
        return upright(*found, turn, frames, image.format == "TIFF", background)
    except Image.DecompressionBombError:
        raise _too_large(max_pixels) from None
    except UnidentifiedImageError:
        raise DarkroomError(f"a damaged or truncated {kind} file, or one of a rare kind") from None
    except DAMAGE:
        raise DarkroomError(f"a damaged or truncated {kind} file") from None


def _readable(content: bytes) -> str:
    if not content:
        raise DarkroomError("the file is empty")
    kind = kind_of(content)
    if kind is None:
        raise DarkroomError("not an image that Pillow or OpenCV can decode")
    if kind in REFUSED or (kind in DECODERS and not features.check(DECODERS[kind])):
        raise DarkroomError(f"{kind}: no decoder here; convert it to JPEG or PNG")
    return kind


def _too_large(max_pixels: int) -> DarkroomError:
    return DarkroomError(f"more pixels than image.max_pixels allows ({max_pixels:,})")


def _jpeg(mode: str, content: bytes) -> Pixels | None:
    """A plain JPEG, as it lies in the file; None where OpenCV finds it damaged."""
    colours = cv2.IMREAD_COLOR_RGB if mode == "RGB" else cv2.IMREAD_GRAYSCALE
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), colours | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if pixels is None else np.asarray(pixels, np.uint8)


def _decoded(image: Image.Image, content: bytes) -> tuple[Pixels, list[str]]:
    """uint8 H x W, or H x W x C: grey and alpha, RGB, RGB and alpha; and the notes."""
    bits = high_bit_depth.bits(image, content)
    image.load()
    notes = [f"{bits} bit"] if bits > 8 else []
    if bits > 8 and (pixels := high_bit_depth.pixels(image, content, bits)) is not None:
        return pixels, notes
    if image.mode not in MODES:
        raise DarkroomError(f"values of Pillow's mode {image.mode}, which do not say what is white; save it with 8 or 16 bit")
    mode, note = MODES[image.mode]
    if image.has_transparency_data and not mode.endswith("A"):
        mode = "LA" if mode == "L" else "RGBA"
    if note:
        notes.append("YCCK" if image.mode == "CMYK" and image.info.get("adobe_transform") == YCCK else note)
    return np.asarray(image.convert(mode)), notes
