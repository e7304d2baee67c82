"""The page: one self-contained HTML file that works offline, in light and dark mode."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from darkroom.config.schema import Params
from darkroom.core import artifacts
from darkroom.core.errors import printable
from darkroom.core.workspace import BENCHMARKS, Workspace
from darkroom.reporting.sections import augmentation, data, errors, models, verification

TEMPLATE = "page.html.j2"


def content(workspace: Workspace, settings: Params, evaluations: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values of the template; `evaluations` holds the content of reports/evaluation/MODEL.json by model."""
    summary = artifacts.read_json(workspace.data_summary)
    return {
        **models.content(workspace, settings, evaluations),
        **errors.content(workspace, settings, summary["classes"]),
        **data.content(workspace, summary),
        **augmentation.content(workspace, settings),
        **verification.content(workspace, settings.models),
        "benchmarks": [artifacts.read_json(workspace.benchmark(name)) for name in BENCHMARKS],
    }


def render(values: Mapping[str, Any]) -> str:
    """Fills the template. Raises jinja2.UndefinedError if a value is missing."""
    folder = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(loader=folder, undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": percent, "count": count, "whole": whole, "heat": heat, "printable": elided}
    return environment.get_template(TEMPLATE).render(values)


def percent(share: float) -> str:
    """0.9312 as 93.12 %."""
    return f"{100 * share:.2f}\N{NO-BREAK SPACE}%"


def count(number: float) -> str:
    """1234567 as 1.23 M, 74514 as 74.5 k."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g}\N{NO-BREAK SPACE}{unit}"
    return f"{number:g}"


def whole(number: int) -> str:
    """54000 as 54,000."""
    return f"{number:,}"


def elided(name: str, most: int = 60) -> str:
    """The name of a file or a class, with control characters escaped and the middle of a long name elided."""
    escaped = printable(name)
    head = most // 2
    return escaped if len(escaped) <= most else f"{escaped[:head]}…{escaped[1 + head - most :]}"


def heat(share: float) -> int:
    """The colour intensity of a cell of the confusion matrix, 0..80 %: the square root makes small errors visible."""
    return int(80 * float(share) ** 0.5 + 0.5)
