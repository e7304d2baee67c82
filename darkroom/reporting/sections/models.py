"""The models side by side: figures of their files, calibration, learning curves, accuracy against cost.

`evaluations` holds the content of reports/evaluation/MODEL.json by model.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from darkroom.config.schema import Params
from darkroom.core.workspace import Workspace
from darkroom.reporting import figures

Evaluation = Mapping[str, Any]


def content(workspace: Workspace, settings: Params, evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    """The figures of all models, and the charts."""
    return {
        "evaluations": evaluations,
        "quantized": {name: quantized(row) for name, row in evaluations.items()},
        "published": [published(name, row) for name, row in evaluations.items()],
        "averaged": [name for name in evaluations if settings.models[name].flip_averaging],
        "best": max(evaluations, key=lambda name: float(evaluations[name]["accuracy"])),
        "level": f"{100 * settings.evaluate.confidence:g}\N{NO-BREAK SPACE}%",
        "curves_chart": figures.learning_curves({name: pd.read_csv(workspace.history(name)) for name in evaluations}),
        "accuracy_chart": figures.accuracy(evaluations),
    }


def quantized(evaluation: Evaluation) -> dict[str, Evaluation]:
    """The entries of an evaluation for quantized files, kept or not, by precision."""
    return {key: row for key, row in evaluation.items() if isinstance(row, dict) and "kept" in row}


def published(name: str, evaluation: Evaluation) -> dict[str, Evaluation]:
    """The figures of every published file of a model, by its title on the page."""
    forms = quantized(evaluation)
    return {name: evaluation, **{f"{name}, {precision}": row for precision, row in forms.items() if row["kept"]}}
