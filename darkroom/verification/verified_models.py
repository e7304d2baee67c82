"""Candidate and published ONNX files, whose bytes are used only if their SHA-256 matches the reports."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom.core import artifacts, digests
from darkroom.core.errors import DarkroomError, first_line
from darkroom.core.workspace import PRECISIONS, Workspace


@dataclass(frozen=True)
class VerifiedModel:
    """The ONNX file of a model, the folder of its quantized files, and the reports that hold their SHA-256.

    `verify_stage` and `quantize_stage` are the stages to run again if the ONNX file or a quantized one does not match.
    """

    onnx: Path
    quantized_folder: Path
    verify_report: Path
    quantize_report: Path
    verify_stage: str
    quantize_stage: str

    def content(self) -> bytes:
        """The bytes of the ONNX file. Raises DarkroomError unless verify passed them."""
        expected = _report(self.verify_report, self.verify_stage).get("sha256")
        return _read(self.onnx, expected, f"not the file that verify passed; run `dvc repro {self.verify_stage}`")

    def quantized(self) -> dict[str, bytes]:
        """The bytes of the quantized files by precision. Raises DarkroomError unless quantize kept them."""
        problem = f"not the file that quantize kept; run `dvc repro {self.quantize_stage}`"
        report = _report(self.quantize_report, self.quantize_stage)
        kept = {precision: report[precision] for precision in PRECISIONS if report.get(precision, {}).get("kept")}
        folder = self.quantized_folder
        return {name: _read(folder / f"model.{name}.onnx", row.get("sha256"), problem) for name, row in kept.items()}


def exported(workspace: Workspace, model: str) -> bytes:
    """The bytes of the candidate. Raises DarkroomError unless export wrote them."""
    path, export = workspace.candidate(model), f"export@{model}"
    expected = _report(workspace.candidate_report(model, "export"), export).get("sha256")
    return _read(path, expected, f"not the file that export wrote (its SHA-256 differs); run `dvc repro {export}`")


def candidate(workspace: Workspace, model: str) -> VerifiedModel:
    """The candidate, as export and quantize wrote it."""
    return VerifiedModel(
        onnx=workspace.candidate(model),
        quantized_folder=workspace.candidate_quantized(model),
        verify_report=workspace.candidate_report(model, "verify"),
        quantize_report=workspace.candidate_report(model, "quantize"),
        verify_stage=f"verify@{model}",
        quantize_stage=f"quantize@{model}",
    )


def published(workspace: Workspace, model: str) -> VerifiedModel:
    """The published files, which Git tracks."""
    return VerifiedModel(
        onnx=workspace.onnx(model),
        quantized_folder=workspace.quantized(model),
        verify_report=workspace.report(model, "verify"),
        quantize_report=workspace.report(model, "quantize"),
        verify_stage=f"publish@{model}",
        quantize_stage=f"publish@{model}",
    )


def _report(path: Path, stage: str) -> dict[str, Any]:
    """The content of a report. Raises DarkroomError if no stage can have written it."""
    try:
        report = artifacts.read_json(path)
    except ValueError as error:
        raise DarkroomError(f"{path}: damaged ({first_line(error)}); run `dvc repro {stage}`") from None
    if not isinstance(report, dict) or not all(isinstance(report.get(key, {}), dict) for key in PRECISIONS):
        raise DarkroomError(f"{path}: damaged (not a report); run `dvc repro {stage}`")
    return report


def _read(path: Path, expected: str | None, problem: str) -> bytes:
    content = path.read_bytes()
    if digests.sha256(content) != expected:
        raise DarkroomError(f"{path}: {problem}")
    return content
