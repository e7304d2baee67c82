"""The ONNX check: the report of verify on each model."""

from collections.abc import Iterable
from typing import Any

from darkroom.core import artifacts
from darkroom.core.workspace import Workspace


def content(workspace: Workspace, models: Iterable[str]) -> dict[str, Any]:
    """The reports by model, the largest difference, and the total number of flips."""
    reports = {name: artifacts.read_json(workspace.report(name, "verify")) for name in models}
    return {
        "verified": reports,
        "largest": max(row["largest_difference"] for row in reports.values()),
        "flips": sum(row["flips"] for row in reports.values()),
    }
