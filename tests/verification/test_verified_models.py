"""Only files whose SHA-256 matches the reports are used."""

import hashlib
from pathlib import Path

import pytest

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.verification import verified_models


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, tmp_path, tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("choose", "file", "stage"),
    [
        (verified_models.candidate, "models/m/candidate/model.onnx", "verify"),
        (verified_models.published, "models/m/model.onnx", "publish"),
    ],
)
def test_only_the_file_that_verify_passed_is_used(workspace: Workspace, choose, file: str, stage: str) -> None:
    model = choose(workspace, "m")
    artifacts.write_bytes(model.onnx, b"model")
    artifacts.write_json(model.verify_report, {"sha256": hashlib.sha256(b"model").hexdigest()})
    assert model.content() == b"model"
    artifacts.write_bytes(model.onnx, b"Model")
    with pytest.raises(DarkroomError, match=f"{file}: not the file that verify passed; run `dvc repro {stage}@m`"):
        model.content()


def test_only_the_smaller_files_that_quantize_kept_are_used(workspace: Workspace) -> None:
    model = verified_models.published(workspace, "m")
    kept = {"kept": True, "sha256": hashlib.sha256(b"small").hexdigest()}
    artifacts.write_json(model.quantize_report, {"float32": {}, "int8": kept, "float16": {"kept": False, "sha256": None}})
    for precision in ("int8", "float16"):
        artifacts.write_bytes(model.quantized_folder / f"model.{precision}.onnx", b"small")
    assert model.quantized() == {"int8": b"small"}
    artifacts.write_bytes(model.quantized_folder / "model.int8.onnx", b"Small")
    with pytest.raises(
        DarkroomError, match="quantized/model.int8.onnx: not the file that quantize kept; run `dvc repro publish@m`"
    ):
        model.quantized()


@pytest.mark.parametrize("damaged", [b'{"sha256": ', b"\xff", b"[]", b'{"int8": "kept"}'])
def test_a_damaged_report_is_refused(workspace: Workspace, damaged: bytes) -> None:
    model = verified_models.candidate(workspace, "m")
    artifacts.write_bytes(model.onnx, b"model")
    artifacts.write_bytes(model.verify_report, damaged)
    artifacts.write_bytes(model.quantize_report, damaged)
    with pytest.raises(DarkroomError, match=r"models/m/candidate/verify.json: damaged \(.*\); run `dvc repro verify@m`"):
        model.content()
    with pytest.raises(DarkroomError, match=r"models/m/candidate/quantize.json: damaged \(.*\); run `dvc repro quantize@m`"):
        model.quantized()
