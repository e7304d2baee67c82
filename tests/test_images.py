import cv2
import numpy as np
import pytest

from pipeline.data import images
from pipeline.data.images import ImagePolicy
from pipeline.errors import Refusal

GREY = ImagePolicy(4, 4, 1, "stretch", "area")
COLOUR = ImagePolicy(4, 4, 3, "stretch", "area")
RED = np.zeros((4, 4, 3), np.uint8)
RED[..., 0] = 255


def encoded(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, pixels[..., ::-1])[1].tobytes()


def test_colours_stay_in_rgb_order() -> None:
    assert np.array_equal(images.decode(encoded(RED), COLOUR), RED)


def test_a_file_and_its_pixels_take_one_path() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    for policy in (GREY, COLOUR, ImagePolicy(4, 4, 1, "pad", "linear"), ImagePolicy(5, 3, 3, "crop", "nearest")):
        assert np.array_equal(images.decode(encoded(picture), policy), images.conform(picture, policy))


def test_sizes_and_channels_follow_the_policy() -> None:
    grey = np.full((8, 8), 7, np.uint8)
    assert np.array_equal(images.conform(grey, GREY), np.full((4, 4, 1), 7, np.uint8))
    assert np.array_equal(images.conform(grey, COLOUR), np.full((4, 4, 3), 7, np.uint8))


def test_pad_keeps_all_and_crop_keeps_the_middle() -> None:
    wide = np.full((2, 4), 9, np.uint8)
    wide[:, :1] = 1
    padded = images.conform(wide, ImagePolicy(4, 4, 1, "pad", "nearest"))[..., 0]
    assert padded.tolist() == [[0, 0, 0, 0], [1, 9, 9, 9], [1, 9, 9, 9], [0, 0, 0, 0]]
    assert images.conform(wide, ImagePolicy(2, 2, 1, "crop", "nearest"))[..., 0].tolist() == [[9, 9], [9, 9]]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "the file is empty"),
        (b"hello", "not an image that OpenCV can decode"),
        (encoded(RED)[:40], "not an image|refuses"),
    ],
)
def test_what_is_no_image_is_refused(content: bytes, line: str) -> None:
    with pytest.raises(Refusal, match=line):
        images.decode(content, GREY)


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4)), np.zeros((4, 4, 2), np.uint8), np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8)]
)
def test_pixels_of_another_kind_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(Refusal, match="pixels must be uint8|without pixels"):
        images.conform(pixels, GREY)
