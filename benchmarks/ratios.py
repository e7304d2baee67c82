"""How a table of a benchmark tells speeds."""

import statistics


def rates(found: list[float]) -> list[str]:
    """Images per second: median, then the range."""
    return [f"{statistics.median(found):.0f}", f"{min(found):.0f} to {max(found):.0f}"]


def ratio(values: list[float]) -> str:
    """Median and range of the rounds' ratios."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
