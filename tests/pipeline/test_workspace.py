"""Every stage works in another folder by another params file, and leaves the checkout as it is."""

import json
from pathlib import Path

import pytest

from pipeline import download, evaluate, export, preprocess, publish, quantize, report, train, verify
from tests.conftest import ROOT

pytestmark = pytest.mark.tensorflow
EVERYWHERE = ["--workspace", "trial", "--params", "trial.yaml"]


def test_the_whole_pipeline_in_another_folder(project: Path) -> None:
    Path("trial.yaml").write_text((ROOT / "tests" / "smoke.yaml").read_text().replace("epochs: 3\n", "epochs: 1\n"))
    before = {path for path in project.rglob("*") if "__pycache__" not in path.parts}
    for stage in (download, preprocess):
        stage.main(EVERYWHERE)
    for stage in (train, export, verify, quantize, publish, evaluate):
        stage.main(["tiny", *EVERYWHERE])
    report.main(EVERYWHERE)
    accuracy = json.loads(Path("trial/reports/accuracy.json").read_text())
    assert list(accuracy) == ["tiny"] and Path("trial/reports/index.html").is_file()
    assert Path("trial/models/tiny/model.onnx").is_file() and not Path("trial/models/tiny/checkpoint.npz").exists()
    after = {path for path in project.rglob("*") if "__pycache__" not in path.parts}
    assert {path.relative_to(project).parts[0] for path in after - before} == {"trial"}
