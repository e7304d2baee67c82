"""OpenCV's codecs, with channels in RGB order."""

import base64

import cv2
import numpy as np
import pytest

from darkroom.data.images import opencv


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_survives_a_round_trip(shape: tuple[int, ...], dtype: type) -> None:
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype)
    again = opencv.decode(opencv.encode_png(pixels), cv2.IMREAD_UNCHANGED)
    assert again is not None and again.dtype == dtype
    assert np.array_equal(opencv.swapped(again), pixels.squeeze())


def test_red_is_red() -> None:
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 255
    assert np.array_equal(opencv.decode(opencv.encode_png(red), cv2.IMREAD_COLOR_RGB), red)


def test_what_opencv_cannot_decode_is_none() -> None:
    assert opencv.decode(b"no image", cv2.IMREAD_COLOR) is None
    assert opencv.decode(b"", cv2.IMREAD_COLOR) is None


def test_a_file_as_a_data_url() -> None:
    scheme, content = opencv.data_url(b"a PNG file").split(",")
    assert (scheme, base64.b64decode(content)) == ("data:image/png;base64", b"a PNG file")
