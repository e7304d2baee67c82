import hashlib
from pathlib import Path

import pytest

from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError
from darkroom.verification import verified_models


def test_only_the_file_that_verify_passed_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    artifacts.write_bytes(paths.onnx("m"), b"model")
    artifacts.write_json(paths.verdict("m"), {"sha256": hashlib.sha256(b"model").hexdigest()})
    assert verified_models.content("m") == b"model"
    artifacts.write_bytes(paths.onnx("m"), b"Model")
    with pytest.raises(DarkroomError, match=r"models/m/model.onnx: not the file that verify passed; run `dvc repro verify@m`"):
        verified_models.content("m")
