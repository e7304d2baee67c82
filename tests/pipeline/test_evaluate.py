"""Published files on a test split of twenty images, from end to end: a model that compares two pixels."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkroom.core import artifacts, csv_files
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.data import shards
from darkroom.export import canonical
from pipeline import evaluate
from tests.conftest import ROOT
from tests.support.networks import linear, plain

POLICY = ImagePolicy(1, 2, 1, "stretch", "area", (0, 0, 0), 10**8)
CLASSES = ("left", "right")
METADATA = plain(POLICY, CLASSES, unsure_below=0.8)
LEFT, RIGHT, UNDECIDED = (255, 0), (0, 255), (255, 254)
IMAGES = [LEFT] * 8 + [RIGHT] * 8 + [UNDECIDED] * 4
LABELS = [0] * 7 + [1] + [1] * 8 + [0, 0, 0, 1]  # one confident error, one among the undecided


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """What preprocess and publish would have written."""
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.at()
    shutil.copy(ROOT / "tests" / "smoke.yaml", workspace.params)
    pixels = np.array(IMAGES, np.uint8).reshape(-1, *(POLICY.height, POLICY.width, POLICY.channels))
    shards.write(workspace.split("test"), iter(pixels), np.array(LABELS))
    flags = ["leaked"] * 10 + [""] * 10
    csv_files.write(workspace.index, pd.DataFrame({"split": "test", "flags": flags}))
    artifacts.write_json(workspace.classes, {"classes": CLASSES})
    content = canonical.with_metadata(linear(np.eye(2) * 5, POLICY), METADATA)
    artifacts.write_bytes(workspace.onnx("tiny"), content)
    costs = {"bytes": len(content), "parameters": 4, "multiply_adds": 4}
    artifacts.write_json(workspace.report("tiny", "export"), {"sha256": sha256(content), "layers": 1, **costs})
    artifacts.write_json(workspace.report("tiny", "verify"), {"sha256": sha256(content)})
    artifacts.write_json(workspace.report("tiny", "quantize"), {"float32": {"accuracy": 0.9}})
    return workspace


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def quantize(workspace: Workspace) -> int:
    """Adds a quantized file whose answers are the opposite, and a precision that was not kept; returns the size of the file."""
    content = canonical.with_metadata(linear(np.eye(2) * -5, POLICY), replace(METADATA, precision="int8"))
    artifacts.write_bytes(workspace.quantized("tiny") / "model.int8.onnx", content)
    int8 = {"kept": True, "reason": "kept, per tensor", "sha256": sha256(content)}
    float16 = {"kept": False, "reason": "no smaller"}
    artifacts.write_json(workspace.report("tiny", "quantize"), {"float32": {"accuracy": 0.9}, "int8": int8, "float16": float16})
    return len(content)


def test_the_headline_figures_fit_a_screen(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate.main(["tiny"])
    evaluation = json.loads(workspace.evaluation("tiny").read_text())
    headline = json.loads(workspace.metrics("tiny").read_text())
    assert headline == {
        "accuracy": 0.9,
        "ece": evaluation["calibration_error"],
        "errors": 2,
        "log_loss": evaluation["log_loss"],
        "macro_f1": pytest.approx((2 * 10 / 22 + 2 * 8 / 18) / 2, abs=1e-6),
    }
    rest = "without the 10 that have a duplicate in train or validation: 0.9000"
    assert capsys.readouterr().out == f"tiny: accuracy 0.9000 (0.6990 to 0.9721) on 20 test images; {rest}\n"


def test_the_evaluation_holds_all_figures(workspace: Workspace) -> None:
    size = quantize(workspace)
    evaluate.main(["tiny"])
    evaluation = json.loads(workspace.evaluation("tiny").read_text())
    own = {"accuracy", "accuracy_low", "accuracy_high", "errors", "images", "log_loss", "macro_f1", "without_leaked"}
    own |= {"answered", "answered_error_rate", "calibration_error", "calibration_error_before", "temperature", "unsure_below"}
    assert evaluation.keys() == own | {"bytes", "parameters", "multiply_adds", "int8", "float16"}
    assert {key: evaluation[key] for key in ("answered", "answered_error_rate", "unsure_below", "multiply_adds")} == {
        "answered": 0.8,
        "answered_error_rate": 0.0625,
        "unsure_below": 0.8,
        "multiply_adds": 4,
    }
    assert evaluation["without_leaked"]["images"] == 10 and evaluation["without_leaked"]["errors"] == 1
    assert evaluation["float16"] == {"kept": False, "reason": "no smaller"}
    assert evaluation["int8"].keys() == own | {"bytes", "kept", "reason"}
    assert {key: evaluation["int8"][key] for key in ("accuracy", "bytes", "reason")} == {
        "accuracy": 0.1,
        "bytes": size,
        "reason": "kept, per tensor",
    }


def test_the_tables(workspace: Workspace) -> None:
    evaluate.main(["tiny"])
    assert workspace.confusion("tiny").read_text() == "actual,left,right\nleft,10,0\nright,2,8\n"
    rows = "left,0.833333,1.000000,0.909091\nright,1.000000,0.800000,0.888889"
    assert workspace.by_class("tiny").read_text() == f"class,precision,recall,f1\n{rows}\n"
    lines = workspace.predictions("tiny").read_text().splitlines()
    assert lines[:2] == ["id,actual,predicted,probability", "test/000000,left,left,0.993307"]
    assert len(lines) == 21 and lines[8] == "test/000007,right,left,0.993307"


@pytest.mark.parametrize("damaged", ["model.onnx", "quantized/model.int8.onnx"])
def test_a_damaged_file_is_refused(workspace: Workspace, damaged: str) -> None:
    quantize(workspace)
    path = workspace.onnx("tiny").parent / damaged
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DarkroomError, match=rf"^models/tiny/{damaged}: not the file that (verify passed|quantize kept); run"):
        evaluate.main(["tiny"])
    assert not workspace.metrics("tiny").exists()


def test_a_model_that_params_yaml_does_not_name_is_refused(workspace: Workspace) -> None:
    with pytest.raises(DarkroomError, match=r"^params.yaml:\d+: models.other: no such model; there are tiny$"):
        evaluate.main(["other"])
