"""Charts and thumbnails."""

import re

import numpy as np
import pandas as pd

from darkroom.data.images import opencv
from darkroom.reporting import figures


def test_a_thumbnail_keeps_its_proportions_and_a_small_image_its_pixels() -> None:
    pixels = np.arange(40 * 20, dtype=np.uint8).reshape(40, 20, 1)
    assert opencv.thumbnail(pixels, 40) is pixels
    assert opencv.thumbnail(pixels, 10).shape == (10, 5, 1)
    assert figures.mosaic(np.stack([pixels] * 3), 10).shape == (10, 15, 1)


def test_charts_are_the_same_bytes_and_follow_the_colours_of_the_page() -> None:
    history = pd.DataFrame(
        {"epoch": [1, 2], "accuracy": [0.5, 0.6], "val_accuracy": [0.4, 0.7], "loss": [1, 0.8], "val_loss": [1.1, 0.7]}
    )
    first, second = figures.learning_curves({"cnn": history}), figures.learning_curves({"cnn": history})
    assert first == second
    assert "currentColor" in first
    assert figures.INK not in first


def test_costs_of_less_than_a_power_of_ten_are_plain_numbers() -> None:
    row = {"accuracy": 0.9, "accuracy_low": 0.89, "accuracy_high": 0.91}
    chart = figures.accuracy({"a": {**row, "multiply_adds": 2e5}, "b": {**row, "multiply_adds": 3e6}})
    ticks = re.findall(r"<text[^>]*>([\d.]+)</text>", chart)
    assert ticks[: ticks.index("2") + 1] == ["0.2", "0.5", "1", "2"]
