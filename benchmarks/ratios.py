"""How a table of a benchmark tells speeds."""

import statistics


def rates(seconds: list[float], images: int) -> list[str]:
    """Images per second: median, then the range."""
    found = sorted(images / value for value in seconds)
    return [f"{statistics.median(found):.0f}", f"{found[0]:.0f} to {found[-1]:.0f}"]


def ratio(values: list[float]) -> str:
    """Median and range of the rounds' ratios."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
