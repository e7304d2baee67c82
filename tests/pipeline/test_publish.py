"""Publish copies what passed its gates, whole; whatever is not what the reports say is refused, and nothing is written."""

import hashlib
from pathlib import Path

import pytest

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.verification import verified_models
from pipeline import publish
from tests.support.networks import write_candidate

REPORTS = ("export", "verify", "quantize")


@pytest.fixture
def candidate(project: Path) -> Workspace:
    """A candidate that verify has passed, with an int8 file that quantize kept; an older model has been published."""
    workspace = Workspace.at()
    write_candidate(b"model", workspace)
    artifacts.write_json(workspace.candidate_report("tiny", "verify"), {"sha256": digest(b"model")})
    artifacts.write_bytes(workspace.candidate_quantized("tiny") / "model.int8.onnx", b"small")
    forms = {"float32": {"form": "float32"}, "int8": {"kept": True, "sha256": digest(b"small")}, "float16": {"kept": False}}
    artifacts.write_json(workspace.candidate_report("tiny", "quantize"), forms)
    artifacts.write_bytes(workspace.onnx("tiny"), b"older")
    artifacts.write_bytes(workspace.quantized("tiny") / "model.float16.onnx", b"older")
    return workspace


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def published(workspace: Workspace) -> dict[str, bytes]:
    """All files that publish may write, by their paths."""
    files = [
        workspace.onnx("tiny"),
        *sorted(workspace.quantized("tiny").iterdir()),
        *(workspace.report("tiny", stage) for stage in REPORTS),
    ]
    return {str(file): file.read_bytes() for file in files if file.exists()}


def test_the_files_and_their_reports_are_copied(candidate: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    publish.main(["tiny"])
    assert published(candidate) == {
        "models/tiny/model.onnx": b"model",
        "models/tiny/quantized/model.int8.onnx": b"small",
        **{f"reports/{stage}/tiny.json": candidate.candidate_report("tiny", stage).read_bytes() for stage in REPORTS},
    }
    assert capsys.readouterr().out == "tiny: published model.onnx, model.int8.onnx\n"
    model = verified_models.published(candidate, "tiny")
    assert (model.content(), model.quantized()) == (b"model", {"int8": b"small"})


def test_no_smaller_file_leaves_an_empty_folder(candidate: Workspace) -> None:
    artifacts.write_json(candidate.candidate_report("tiny", "quantize"), {"float32": {"form": "float32"}})
    publish.main(["tiny"])
    assert list(candidate.quantized("tiny").iterdir()) == []


@pytest.mark.parametrize(
    ("file", "content", "line"),
    [
        (
            "model.onnx",
            b"Model",
            "model.onnx: not the file that export wrote (its SHA-256 differs); run `dvc repro export@tiny`",
        ),
        ("verify.json", b"{}", "model.onnx: not the file that verify passed; run `dvc repro verify@tiny`"),
        ("verify.json", b"{", "verify.json: damaged (Expecting property name enclosed in double quotes: line 1"),
        (
            "export.json",
            b'{"sha256": "0"}',
            "model.onnx: not the file that export wrote (its SHA-256 differs); run `dvc repro e",
        ),
        (
            "quantized/model.int8.onnx",
            *(b"Small", "quantized/model.int8.onnx: not the file that quantize kept; run `dvc repro quantize@tiny`"),
        ),
        (
            "quantize.json",
            *(b'{"int8": {"kept": true}}', "quantized/model.int8.onnx: not the file that quantize kept; run `dvc repro q"),
        ),
    ],
)
def test_what_is_damaged_is_refused(candidate: Workspace, file: str, content: bytes, line: str) -> None:
    before = published(candidate)
    (candidate.candidate("tiny").parent / file).write_bytes(content)
    with pytest.raises(DarkroomError) as error:
        publish.main(["tiny"])
    assert str(error.value).startswith(f"models/tiny/candidate/{line}")
    assert published(candidate) == before


@pytest.mark.parametrize("file", ["model.onnx", "export.json", "verify.json", "quantize.json", "quantized/model.int8.onnx"])
def test_what_is_missing_is_refused(candidate: Workspace, file: str, run) -> None:
    before = published(candidate)
    (candidate.candidate("tiny").parent / file).unlink()
    ended = run("pipeline.publish", "tiny")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"models/tiny/candidate/{file}: No such file or directory\n"
    assert published(candidate) == before
