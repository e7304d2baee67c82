"""Charts and images for the page: SVG whose bytes depend on the numbers alone and whose text follows the page's colours."""

import base64
import io
import re
from collections.abc import Mapping

import cv2
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

INK = "#010203"  # drawn in this colour, which `svg` replaces by currentColor: the text colour of the page, light or dark
PALETTE = ("#4c72b0", "#dd8452", "#2a9d6f", "#c44e52", "#8172b3", "#937860", "#da8bc3", "#8c8c8c")


def png(pixels: Pixels) -> str:
    """The data URI of uint8 H x W x C pixels (grey or RGB), as PNG."""
    ordered = pixels[..., ::-1] if pixels.shape[-1] == 3 else pixels
    _, content = cv2.imencode(".png", np.ascontiguousarray(ordered))
    return data_uri(content.tobytes())


def data_uri(content: bytes) -> str:
    """The data URI of a PNG file."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def thumbnail(pixels: Pixels, most: int) -> Pixels:
    """Uint8 H x W x C with at most `most` pixels along the longer side: unchanged, or shrunk."""
    height, width, channels = pixels.shape
    factor = most / max(height, width)
    if factor >= 1:
        return pixels
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8).reshape(size[1], size[0], channels)


def mosaic(images: Pixels, most: int) -> Pixels:
    """Puts uint8 N x H x W x C images side by side, none with a side of more than `most` pixels."""
    return np.concatenate([thumbnail(image, most) for image in images], axis=1)


def learning_curves(histories: Mapping[str, pd.DataFrame]) -> str:
    """Accuracy and loss by epoch, on validation (solid) and in training (dotted), one colour per model, as SVG."""
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        for color, (name, history) in zip(_colors(len(histories)), histories.items(), strict=True):
            axes.plot(history["epoch"], history[f"val_{measure}"], color=color, label=name, linewidth=2)
            axes.plot(history["epoch"], history[measure], ":", color=color, linewidth=1.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
        _style(axes, "epoch", measure)
    figure.axes[0].legend(frameon=False, labelcolor=INK)
    return svg(figure)


def accuracy(metrics: Mapping[str, Mapping[str, float]]) -> str:
    """Accuracy with its interval against the multiply-adds for one image, one dot per model, as SVG."""
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    axes = figure.subplots()
    for color, (name, row) in zip(_colors(len(metrics)), metrics.items(), strict=True):
        low, high = row["accuracy"] - row["accuracy_low"], row["accuracy_high"] - row["accuracy"]
        cost = row["multiply_adds"] / 1e6
        axes.errorbar(cost, row["accuracy"], [[low], [high]], fmt="o", color=color, capsize=4, markersize=8)
        above = (cost, row["accuracy_high"])
        axes.annotate(name, above, (0, 5), textcoords="offset points", color=INK, horizontalalignment="center")
    axes.set_xscale("log")
    axes.margins(x=0.15, y=0.2)
    _style(axes, "million multiply-adds for one image", "test accuracy")
    return svg(figure)


def learning_rate_range(table: pd.DataFrame, chosen: float) -> str:
    """The loss against the learning rate of a range test, with the rate `chosen` marked, as SVG."""
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(table["learning_rate"], table["loss"], color=PALETTE[0], linewidth=2)
    axes.axvline(chosen, color=PALETTE[1], linestyle="--")
    axes.annotate(f"steepest at {chosen:.2g}", (chosen, table["loss"].max()), (6, 0), textcoords="offset points", color=INK)
    axes.set_xscale("log")
    _style(axes, "learning rate", "loss (exponential moving average)")
    return svg(figure)


def svg(figure: Figure) -> str:
    """The `<svg>` element of a Matplotlib figure, without date, version or random identifiers."""
    stream = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "darkroom", "font.size": 11}):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    element = text[text.index("<svg") :].replace(INK, "currentColor")
    return re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 width="100%"', re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", element))


def _colors(count: int) -> list[str]:
    return [PALETTE[number % len(PALETTE)] for number in range(count)]


def _style(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across, color=INK)
    axes.set_ylabel(up, color=INK)
    axes.tick_params(colors=INK, which="both")
    axes.grid(alpha=0.25, color=INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
