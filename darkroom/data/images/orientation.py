"""Decoded pixels as a viewer shows them: EXIF orientation applied, alpha composited over a background."""

from collections.abc import Callable
from functools import partial

import numpy as np

from darkroom.core.arrays import Pixels

Background = tuple[int, int, int]

TRANSPOSE = partial(np.swapaxes, axis1=0, axis2=1)
TURNS: dict[int, Callable[[Pixels], Pixels]] = {  # EXIF orientation: the operation that undoes it
    2: np.fliplr,
    3: partial(np.rot90, k=2),
    4: np.flipud,
    5: TRANSPOSE,
    6: partial(np.rot90, k=3),
    7: lambda pixels: np.rot90(TRANSPOSE(pixels), k=2),
    8: np.rot90,
}


def normalize(
    pixels: Pixels, notes: list[str], orientation: int, frames: int, tiff: bool, background: Background
) -> tuple[Pixels, list[str]]:
    """Composites alpha over `background` and applies the EXIF `orientation`.

    `pixels` is uint8 H x W or H x W x C as stored in the file, `frames` the file's number of frames. Returns uint8 H x W or
    H x W x 3, and `notes` with an entry added for each conversion.
    """
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        if pixels[..., -1].min() < 255:
            notes.append("alpha over the background")
        pixels = _opaque(pixels, background)
    if orientation in TURNS:
        notes.append(f"EXIF orientation {orientation}")
        pixels = pixels if tiff else TURNS[orientation](pixels)  # Pillow and OpenCV both rotate a TIFF while they decode it
    if frames > 1:
        notes.append(f"first of {frames} {'pages' if tiff else 'frames'}")
    return pixels, notes


def _opaque(pixels: Pixels, background: Background) -> Pixels:
    """Composites H x W x 2 (grey, alpha) or H x W x 4 over `background`, rounded to nearest; grey on grey stays grey."""
    colours, alpha = pixels[..., :-1], pixels[..., -1:].astype(np.uint16)
    below = np.array(background, np.uint16)
    if colours.shape[2] == 1 and len(set(background)) == 1:
        below = below[:1]
    mixed: Pixels = ((colours * alpha + below * (255 - alpha) + 127) // 255).astype(np.uint8)
    return mixed[..., 0] if mixed.shape[2] == 1 else mixed
