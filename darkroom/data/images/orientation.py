"""A decoded picture set upright and laid over a background, and what is said of that."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Background = tuple[int, int, int]

TRANSPOSED = partial(np.swapaxes, axis1=0, axis2=1)
TURNS: dict[int, Callable[[Any], Any]] = {  # EXIF's orientations, by what sets them upright
    2: np.fliplr,
    3: partial(np.rot90, k=2),
    4: np.flipud,
    5: TRANSPOSED,
    6: partial(np.rot90, k=3),
    7: lambda pixels: np.rot90(TRANSPOSED(pixels), k=2),
    8: np.rot90,
}


def upright(
    pixels: Pixels, notes: list[str], turn: int, frames: int, tiff: bool, background: Background
) -> tuple[Pixels, list[str]]:
    """uint8 H x W or H x W x C, as it lies in a file, with its EXIF orientation `turn` and its number of `frames`, as it is
    seen: H x W or H x W x 3; and the notes, with those of what was done.
    """
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        if pixels[..., -1].min() < 255:
            notes.append("alpha over the background")
        pixels = _opaque(pixels, background)
    if turn in TURNS:
        notes.append(f"EXIF orientation {turn}")
        pixels = pixels if tiff else TURNS[turn](pixels)  # both libraries turn a TIFF by themselves
    if frames > 1:
        notes.append(f"first of {frames} {'pages' if tiff else 'frames'}")
    return pixels, notes


def _opaque(pixels: Pixels, background: Background) -> Pixels:
    """Lays H x W x 2 (grey, alpha) or H x W x 4 over `background`, rounded to the nearest; stays grey on grey."""
    colours, alpha = pixels[..., :-1], pixels[..., -1:].astype(np.uint16)
    behind = np.array(background, np.uint16)
    if colours.shape[2] == 1 and len(set(background)) == 1:
        behind = behind[:1]
    mixed: Pixels = ((colours * alpha + behind * (255 - alpha) + 127) // 255).astype(np.uint8)
    return mixed[..., 0] if mixed.shape[2] == 1 else mixed
