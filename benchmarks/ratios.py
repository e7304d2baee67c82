"""Speeds and their ratios as the tables of benchmarks show them."""

import statistics


def rates(speeds: list[float]) -> list[str]:
    """Images per second: median, then the range."""
    return [f"{statistics.median(speeds):.0f}", f"{min(speeds):.0f} to {max(speeds):.0f}"]


def ratio(values: list[float]) -> str:
    """Median and range of ratios, one per round."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
