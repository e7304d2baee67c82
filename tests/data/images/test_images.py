"""The one image path: an image from any source gets the size and the channels of the policy."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import INTERPOLATIONS, SHAPES, ImagePolicy
from darkroom.data import images
from tests.support.encoders import saved, scene

BLACK, LARGEST = (0, 0, 0), 10**8
GREY = ImagePolicy(4, 4, 1, "stretch", "area", BLACK, LARGEST)
COLOUR = replace(GREY, channels=3)
RED = np.zeros((4, 4, 3), np.uint8)
RED[..., 0] = 255


def test_colours_stay_in_rgb_order() -> None:
    for image_format in ("PNG", "BMP", "WEBP"):
        assert np.array_equal(images.decode(saved(RED, image_format), COLOUR), RED)
    red, green, blue = images.decode(saved(RED, "JPEG"), COLOUR).mean(axis=(0, 1))
    assert red > 250 and green < 5 and blue < 5


@pytest.mark.parametrize("changes", [{}, {"channels": 3}, {"shape": "pad"}, {"height": 5, "shape": "crop", "channels": 3}])
def test_a_file_and_its_pixels_take_one_path(changes: dict[str, object]) -> None:
    image, policy = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8), replace(GREY, **changes)
    assert np.array_equal(images.decode(saved(image, "PNG"), policy), images.conform(image, policy))


def test_sizes_and_channels_follow_the_policy() -> None:
    grey = np.full((8, 8), 7, np.uint8)
    assert np.array_equal(images.conform(grey, GREY), np.full((4, 4, 1), 7, np.uint8))
    assert np.array_equal(images.conform(grey, COLOUR), np.full((4, 4, 3), 7, np.uint8))


def test_an_image_of_the_right_size_keeps_every_value() -> None:
    image = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    for shape in SHAPES:
        for interpolation in INTERPOLATIONS:
            policy = replace(COLOUR, shape=shape, interpolation=interpolation)
            assert np.array_equal(images.conform(image, policy), image)


def test_grey_is_the_same_from_every_format() -> None:
    content = saved(scene(np.random.default_rng(0)), "JPEG")
    pixels = images.read(content, GREY).pixels
    policy = replace(GREY, height=pixels.shape[0], width=pixels.shape[1])
    expected = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None]
    for file in (content, saved(pixels, "PNG"), saved(pixels, "WEBP"), saved(pixels, "BMP")):
        assert np.array_equal(images.decode(file, policy), expected)


def test_a_grey_file_and_its_copy_in_colour_are_the_same_in_grey() -> None:
    every, policy = np.arange(256, dtype=np.uint8).reshape(16, 16), replace(GREY, height=16, width=16)
    for image in (every, np.dstack([every] * 3)):
        assert np.array_equal(images.decode(saved(image, "PNG"), policy)[..., 0], every)


def test_pad_keeps_all_and_crop_keeps_the_middle() -> None:
    wide = np.full((2, 4), 9, np.uint8)
    wide[:, :1] = 1
    padded = images.conform(wide, replace(GREY, shape="pad", interpolation="nearest"))[..., 0]
    assert padded.tolist() == [[0, 0, 0, 0], [1, 9, 9, 9], [1, 9, 9, 9], [0, 0, 0, 0]]
    cropped = images.conform(wide, replace(GREY, height=2, width=2, shape="crop", interpolation="nearest"))
    assert cropped[..., 0].tolist() == [[9, 9], [9, 9]]


def test_padding_shows_the_background() -> None:
    wide, policy = np.full((2, 4, 3), 9, np.uint8), replace(COLOUR, shape="pad", background=(200, 100, 50))
    assert images.conform(wide, policy)[:, 0].tolist() == [[200, 100, 50], [9, 9, 9], [9, 9, 9], [200, 100, 50]]
    grey = round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    assert images.conform(wide, replace(policy, channels=1))[:, 0, 0].tolist() == [grey, 9, 9, grey]


def test_area_averages_along_an_axis_that_shrinks_and_is_linear_along_one_that_grows() -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 2), np.uint8)
    both = images.conform(image, GREY)[..., 0]
    shrunk = image.reshape(4, 2, 2).mean(axis=1)
    assert np.abs(both[:, [0, -1]] - shrunk).max() <= 0.5  # beyond the outer centres linear keeps the value
    assert np.abs(both[:, 1] - (0.75 * shrunk[:, 0] + 0.25 * shrunk[:, 1])).max() <= 1
    small = image[:2]
    assert np.array_equal(images.conform(small, GREY), images.conform(small, replace(GREY, interpolation="linear")))


def test_a_line_that_would_fill_the_memory_is_refused() -> None:
    line = np.zeros((1, 10_000), np.uint8)
    with pytest.raises(DarkroomError, match="too narrow: scaled for cropping, it has more pixels than image.max_pixels allows"):
        images.conform(line, replace(GREY, height=200, width=200, shape="crop"))
    assert images.conform(line, replace(GREY, shape="pad")).shape == (4, 4, 1)


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4)), np.zeros((4, 4, 2), np.uint8), np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8)]
)
def test_pixels_of_another_dtype_or_shape_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(DarkroomError, match="pixels must be uint8|without pixels"):
        images.conform(pixels, GREY)
