import hashlib
from pathlib import Path

import pytest

from pipeline import artifacts, paths
from pipeline.deploy import shipped
from pipeline.errors import Refusal


def test_only_the_file_that_verify_passed_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    artifacts.write_bytes(paths.onnx("m"), b"model")
    artifacts.write_json(paths.verdict("m"), {"sha256": hashlib.sha256(b"model").hexdigest()})
    assert shipped.content("m") == b"model"
    artifacts.write_bytes(paths.onnx("m"), b"Model")
    with pytest.raises(Refusal, match=r"models/m/model.onnx: not the file that verify passed; run `dvc repro verify@m`"):
        shipped.content("m")
