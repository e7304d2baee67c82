"""Charts and images for the page: SVG whose bytes depend only on the numbers, with text in the page's colours."""

import io
import re
from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from darkroom.core.arrays import Pixels
from darkroom.data.images import opencv

INK = "#010203"  # `svg` replaces it by currentColor, the text colour of the page in light or dark mode
PALETTE = ("#4c72b0", "#dd8452", "#2a9d6f", "#c44e52", "#8172b3", "#937860", "#da8bc3", "#8c8c8c")


def mosaic(images: Pixels, side: int) -> Pixels:
    """The thumbnails of uint8 N x H x W x C images, side by side."""
    return np.concatenate([opencv.thumbnail(image, side) for image in images], axis=1)


def learning_curves(histories: Mapping[str, pd.DataFrame]) -> str:
    """Accuracy and loss by epoch, in validation (solid) and training (dotted), one colour per model, as SVG."""
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
    """Accuracy with its interval against multiply-adds per image, one dot per model, as SVG."""
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    axes = figure.subplots()
    for color, (name, row) in zip(_colors(len(metrics)), metrics.items(), strict=True):
        low, high = row["accuracy"] - row["accuracy_low"], row["accuracy_high"] - row["accuracy"]
        cost = row["multiply_adds"] / 1e6
        axes.errorbar(cost, row["accuracy"], [[low], [high]], fmt="o", color=color, capsize=4, markersize=8)
        above = (cost, row["accuracy_high"])
        axes.annotate(name, above, (0, 5), textcoords="offset points", color=INK, horizontalalignment="center")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))  # an axis may span less than a power of ten
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.margins(x=0.15, y=0.2)
    _style(axes, "million multiply-adds per image", "test accuracy")
    return svg(figure)


def learning_rate_range(table: pd.DataFrame, chosen: float) -> str:
    """Loss against learning rate in a range test, with the rate `chosen` marked, as SVG."""
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


def _style(axes: Axes, x_label: str, y_label: str) -> None:
    axes.set_xlabel(x_label, color=INK)
    axes.set_ylabel(y_label, color=INK)
    axes.tick_params(colors=INK, which="both")
    axes.grid(alpha=0.25, color=INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
