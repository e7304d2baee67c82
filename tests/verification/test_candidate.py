"""Keras's probabilities, as export wrote them or refused."""

import io
from pathlib import Path

import numpy as np
import pytest

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.verification import candidate

ANSWERS = np.full((4, 3), 1 / 3, np.float32)


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, tmp_path, tmp_path / "params.yaml")


def test_keras_answers_are_read(workspace: Workspace) -> None:
    artifacts.write_array(workspace.reference("m"), ANSWERS)
    assert np.array_equal(candidate.reference(workspace, "m", (4, 3)), ANSWERS)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", r"not a .npy file \(EOF: reading magic string, expected 8 bytes got 0\)"),
        (b"PK\3\4 a zip", r"not a .npy file \(the magic string is not correct.*\)"),
        (npy(ANSWERS)[:-1], r"not a .npy file \(Failed to read all data for array\. .*\)"),
        (npy(ANSWERS).replace(b"{'descr'", b"{{descr'"), r"not a .npy file \(.+\)"),
        (npy(ANSWERS).replace(b"(4, 3)", b"(4; 3)"), r"not a .npy file \(.+\)"),
        (npy(np.array([object()])), r"not a .npy file \(Object arrays cannot be loaded when allow_pickle=False\)"),
        (npy(ANSWERS[:3]), r"float32 \(3, 3\), but onnxruntime returns float32 \(4, 3\)"),
        (npy(ANSWERS.astype(np.float64)), r"float64 \(4, 3\), but onnxruntime returns float32 \(4, 3\)"),
    ],
)
def test_a_damaged_file_of_answers_is_one_line(workspace: Workspace, content: bytes, line: str) -> None:
    path = workspace.reference("m")
    artifacts.write_bytes(path, content)
    with pytest.raises(DarkroomError, match=f"^{path}: {line}; run `dvc repro export@m`$"):
        candidate.reference(workspace, "m", (4, 3))
