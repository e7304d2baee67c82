"""Thumbnails and their correlation."""

import numpy as np

from darkroom.data.similarity import correlations, thumbnail, thumbnail_shape

SHAPE = (32, 32)


def test_a_thumbnail_keeps_a_small_image_and_shrinks_a_large_one() -> None:
    small = np.arange(28 * 20, dtype=np.uint16).astype(np.uint8).reshape(28, 20, 1)
    assert thumbnail(small).tolist() == small.ravel().tolist()
    assert thumbnail_shape(28, 20) == (28, 20)
    large = np.repeat(np.repeat(np.arange(32 * 32, dtype=np.uint16).astype(np.uint8).reshape(SHAPE), 3, 0), 2, 1)
    assert thumbnail(np.dstack([large] * 3)).tolist() == large[::3, ::2].ravel().tolist()
    assert thumbnail_shape(*large.shape) == SHAPE


def test_correlation_is_one_for_equal_images_and_minus_one_for_a_negative() -> None:
    thumbnails = np.random.default_rng(0).integers(0, 256, (50, 1024), np.uint8)
    assert correlations(thumbnails, thumbnails).tolist() == [1.0] * 50
    assert correlations(thumbnails, 255 - thumbnails).tolist() == [-1.0] * 50
