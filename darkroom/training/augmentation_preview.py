"""The augmentation preview: the first image of the first class, as training sees it in each of sixteen epochs.

The tiles are taken from the same batches that training gets, so they show the whole chain: AlternatingFlip, the transforms of
Albumentations, and the other images that Keras's MixUp and CutMix mix in.
"""

from copy import copy

import cv2
import numpy as np

from darkroom.core.arrays import Pixels
from darkroom.data.images import opencv
from darkroom.training.batches import WHOLE, Batches

EPOCHS, ACROSS = 16, 4
SMALLEST, LARGEST = 64, 160  # pixels along the longer side of a tile
GAP = 2


def png(batches: Batches) -> bytes:
    """All tiles in one PNG file with transparent gaps. Uses no random generator of its own."""
    tiles = [_tile(image) for image in epochs_of(batches, int(np.argmax(batches.split.labels == 0)))]
    rows = [np.concatenate(tiles[start : start + ACROSS], axis=1) for start in range(0, EPOCHS, ACROSS)]
    return opencv.encode_png(np.concatenate(rows)[:-GAP, :-GAP])


def epochs_of(batches: Batches, position: int) -> list[Pixels]:
    """The image at `position` of the split in each of the first epochs: uint8 H x W x C."""
    whole = copy(batches)
    whole.shard = WHOLE  # in another epoch the image may be among the rows of another process
    return [_in_epoch(whole, position, epoch) for epoch in range(EPOCHS)]


def _in_epoch(batches: Batches, position: int, epoch: int) -> Pixels:
    order = batches.order(epoch)
    batch = int(np.argmax(order == position)) // batches.size
    before = order[batch * batches.size : (batch + 1) * batches.size] < position  # a batch is in the order of the split
    images, _, _ = batches(epoch, batch)
    return np.asarray(images[int(before.sum())])


def _tile(image: Pixels) -> Pixels:
    """Enlarges a small image by a whole factor, shrinks a large one; returns RGBA with a gap at the right and the bottom."""
    longer = max(image.shape[:2])
    factor = -(-SMALLEST // longer) if longer <= LARGEST else LARGEST / longer
    height, width = (max(1, round(side * factor)) for side in image.shape[:2])
    sized = cv2.resize(image, (width, height), interpolation=cv2.INTER_NEAREST if factor >= 1 else cv2.INTER_AREA)
    code = cv2.COLOR_RGB2RGBA if image.shape[2] == 3 else cv2.COLOR_GRAY2RGBA
    return np.pad(np.asarray(cv2.cvtColor(sized, code), np.uint8), ((0, GAP), (0, GAP), (0, 0)))
