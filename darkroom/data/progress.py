"""The progress bar of a long task, shown only on a terminal, after one second, and removed at the end."""

from typing import Any

from tqdm import tqdm

OPTIONS: dict[str, Any] = {"mininterval": 1, "delay": 1, "leave": False, "disable": None}  # None: off without a terminal


def bar(title: str, unit: str, total: int) -> tqdm:
    """A bar that counts to `total`; use it in a `with` block, and call its `update(count)`."""
    return tqdm(desc=title, unit=f" {unit}", total=total, **OPTIONS)
