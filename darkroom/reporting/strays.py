"""Results of models that params.yaml no longer names: DVC leaves them, and report depends on the folders that hold them."""

import re
from collections.abc import Collection
from pathlib import Path

from darkroom.core.workspace import Workspace

NAME = re.compile(r"[a-z0-9_]+")  # as params.yaml allows the name of a model


def remove(workspace: Workspace, models: Collection[str]) -> list[Path]:
    """Deletes MODEL.csv, MODEL.json and MODEL.png in the folders of reports/ where a stage writes one file a model.

    Returns the deleted files, sorted. Files that no stage can have written, and hidden ones as DVC's .gitignore, stay; so does
    everything where a report of other parameters than the checkout's own is made in the checkout's own folder.
    """
    if workspace.folder == workspace.root and workspace.params != workspace.root / "params.yaml":
        return []
    outputs = _outputs(workspace, "model")
    files = [file for output in outputs for file in output.parent.glob(f"*{output.suffix}") if NAME.fullmatch(file.stem)]
    strays = sorted(file for file in files if file.stem not in models and file.is_file())
    for stray in strays:
        stray.unlink()
    return strays


def _outputs(workspace: Workspace, model: str) -> list[Path]:
    """Every file in reports/ that a stage writes about a model."""
    reports = [workspace.report(model, stage) for stage in ("export", "verify", "quantize")]
    training = [workspace.history(model), workspace.layers(model), workspace.augmented(model)]
    figures = [workspace.metrics(model), workspace.evaluation(model)]
    tables = [workspace.confusion(model), workspace.by_class(model), workspace.predictions(model)]
    return [*reports, *training, *figures, *tables]
