"""Candidate and published ONNX files, whose bytes are used only if they have the SHA-256 in the reports."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace


@dataclass(frozen=True)
class VerifiedModel:
    """The ONNX file of a model, the folder of its quantized files, and the reports that hold their SHA-256.

    `verify` and `quantize` are the stages to run again if a file is not the one in its report.
    """

    onnx: Path
    smaller: Path
    verify_report: Path
    quantize_report: Path
    verify: str
    quantize: str

    def content(self) -> bytes:
        """The bytes of the ONNX file. Raises DarkroomError unless they are the ones that verify passed."""
        expected = _report(self.verify_report, self.verify).get("sha256")
        return _read(self.onnx, expected, f"not the file that verify passed; run `dvc repro {self.verify}`")

    def quantized(self) -> dict[str, bytes]:
        """The bytes of the quantized files by precision. Raises DarkroomError unless they are the ones that quantize kept."""
        remedy = f"not the file that quantize kept; run `dvc repro {self.quantize}`"
        return {
            precision: _read(self.smaller / f"model.{precision}.onnx", entry.get("sha256"), remedy)
            for precision, entry in _report(self.quantize_report, self.quantize).items()
            if entry.get("kept")
        }


def exported(workspace: Workspace, model: str) -> bytes:
    """The bytes of the candidate. Raises DarkroomError unless they are the ones that export wrote."""
    path, export = workspace.candidate(model), f"export@{model}"
    expected = _report(workspace.candidate_report(model, "export"), export).get("sha256")
    return _read(path, expected, f"not the file that export wrote (its SHA-256 differs); run `dvc repro {export}`")


def candidate(workspace: Workspace, model: str) -> VerifiedModel:
    """The candidate, as export and quantize wrote it."""
    return VerifiedModel(
        onnx=workspace.candidate(model),
        smaller=workspace.candidate_quantized(model),
        verify_report=workspace.candidate_report(model, "verify"),
        quantize_report=workspace.candidate_report(model, "quantize"),
        verify=f"verify@{model}",
        quantize=f"quantize@{model}",
    )


def published(workspace: Workspace, model: str) -> VerifiedModel:
    """The published files, which Git holds and users get."""
    return VerifiedModel(
        onnx=workspace.onnx(model),
        smaller=workspace.quantized(model),
        verify_report=workspace.report(model, "verify"),
        quantize_report=workspace.report(model, "quantize"),
        verify=f"publish@{model}",
        quantize=f"publish@{model}",
    )


def _report(path: Path, stage: str) -> dict[str, Any]:
    try:
        report: dict[str, Any] = artifacts.read_json(path)
    except ValueError as error:
        raise DarkroomError(f"{path}: damaged ({error}); run `dvc repro {stage}`") from None
    return report


def _read(path: Path, expected: str | None, message: str) -> bytes:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != expected:
        raise DarkroomError(f"{path}: {message}")
    return content
