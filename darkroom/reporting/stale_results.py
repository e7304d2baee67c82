"""Deletes the results of models that params.yaml no longer names. DVC leaves them in folders that report depends on."""

import re
from collections.abc import Collection
from pathlib import Path

from darkroom.core.workspace import Workspace

NAME = re.compile(r"[a-z0-9_]+")  # the names that params.yaml allows for a model


def remove(workspace: Workspace, models: Collection[str]) -> list[Path]:
    """Deletes MODEL.csv, MODEL.json and MODEL.png from the folders of reports/ where a stage writes one file per model.

    `models` are the names to keep. Returns the deleted files, sorted. Files that no stage can have written stay, such as DVC's
    .gitignore. A run in the checkout itself with other parameters than its params.yaml deletes nothing.
    """
    in_checkout = workspace.folder.resolve() == workspace.root.resolve()
    if in_checkout and workspace.params.resolve() != (workspace.root / "params.yaml").resolve():
        return []
    outputs = _outputs(workspace, "model")
    files = [file for output in outputs for file in output.parent.glob(f"*{output.suffix}") if NAME.fullmatch(file.stem)]
    stale = sorted(file for file in files if file.stem not in models and file.is_file())
    for file in stale:
        file.unlink()
    return stale


def _outputs(workspace: Workspace, model: str) -> list[Path]:
    """Every file in reports/ that a stage writes about a model."""
    reports = [workspace.report(model, stage) for stage in ("export", "verify", "quantize")]
    training = [workspace.history(model), workspace.layers(model), workspace.augmented(model)]
    figures = [workspace.metrics(model), workspace.evaluation(model)]
    tables = [workspace.confusion(model), workspace.by_class(model), workspace.predictions(model)]
    return [*reports, *training, *figures, *tables]
