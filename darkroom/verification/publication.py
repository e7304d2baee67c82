"""Publishes candidates that passed their gates: copies them to the paths that Git tracks."""

from darkroom.core import artifacts
from darkroom.core.workspace import Workspace
from darkroom.verification import verified_models

REPORTS = ("export", "verify", "quantize")


def publish(workspace: Workspace, model: str) -> list[str]:
    """Copies the ONNX file, its quantized files and the three reports; returns the names of the ONNX files.

    Raises DarkroomError, before anything is written, if a file does not have the SHA-256 in its report.
    """
    verified_models.exported(workspace, model)
    candidate = verified_models.candidate(workspace, model)
    content, quantized = candidate.content(), candidate.quantized()
    reports = {stage: workspace.candidate_report(model, stage).read_bytes() for stage in REPORTS}
    with artifacts.replaced(workspace.quantized(model)) as (folder, _):
        for precision, file in quantized.items():
            artifacts.write_bytes(folder / f"model.{precision}.onnx", file)
    artifacts.write_bytes(workspace.onnx(model), content)
    for stage, report in reports.items():
        artifacts.write_bytes(workspace.report(model, stage), report)
    return ["model.onnx", *(f"model.{precision}.onnx" for precision in quantized)]
