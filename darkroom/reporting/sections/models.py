"""The models side by side: metrics and calibration of their files, learning curves, accuracy against cost.

`evaluations` holds the content of reports/evaluation/MODEL.json by model.
"""

from collections.abc import Mapping
from typing import Any

from darkroom.config.schema import Params
from darkroom.core import csv_files
from darkroom.core.workspace import PRECISIONS, Workspace
from darkroom.reporting import figures

Evaluation = Mapping[str, Any]


def content(workspace: Workspace, settings: Params, evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    """The metrics of all models, and the charts."""
    curves = {name: csv_files.read(workspace.history(name)).astype(float) for name in evaluations}
    return {
        "evaluations": evaluations,
        "quantized": {name: quantized(row) for name, row in evaluations.items()},
        "published": [published(name, row) for name, row in evaluations.items()],
        "averaged": [name for name in evaluations if settings.models[name].flip_averaging],
        "best": max(evaluations, key=lambda name: float(evaluations[name]["accuracy"])),
        "level": f"{100 * settings.evaluate.confidence:g}\N{NO-BREAK SPACE}%",
        "curves_chart": figures.learning_curves(curves),
        "accuracy_chart": figures.accuracy(evaluations),
    }


def quantized(evaluation: Evaluation) -> dict[str, Evaluation]:
    """The entries of an evaluation for quantized files, kept or not, by precision."""
    return {precision: evaluation[precision] for precision in PRECISIONS if precision in evaluation}


def published(name: str, evaluation: Evaluation) -> dict[str, Evaluation]:
    """The metrics of every published file of a model, by its title on the page."""
    kept = {f"{name}, {precision}": row for precision, row in quantized(evaluation).items() if row["kept"]}
    return {name: evaluation, **kept}
