"""The metadata of an ONNX file for people and for programs, and the file held to a checkout."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from ruamel.yaml import YAML

from darkroom.commands import inspect_model
from darkroom.core import artifacts, dvc_files
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from tests.conftest import ROOT, Run
from tests.support.networks import linear, plain, save

COMMITTED = Workspace(ROOT, ROOT, ROOT / "params.yaml")
POLICY = ImagePolicy(2, 2, 1, "stretch", "area", (0, 0, 0), 10**8)
DEPS = {"data/prepared/train": "1" * 32 + ".dir", "reports/code/train.csv": "2" * 32, "requirements.txt": "3" * 32}
PARAMS = {"seed": 0, "models.tiny": {"fit": {"optimizer": {"Muon": {"weight_decay": 0.4}}}, "layers": ["Flatten"]}}
METADATA = replace(plain(POLICY, ("left", "right", "ü"), 0.8), origin={"deps": DEPS, "params": PARAMS})


@pytest.fixture
def checkout(tmp_path: Path) -> Workspace:
    """A checkout in which `tiny` was published, as float32 and int8, and its dvc.lock."""
    workspace = Workspace(tmp_path, tmp_path, tmp_path / "params.yaml")
    network = linear(np.eye(4)[:, :3], POLICY)
    save(network, METADATA, workspace.onnx("tiny"))
    save(network, replace(METADATA, precision="int8"), int8(workspace))
    row = {"sha256": hashlib.sha256(int8(workspace).read_bytes()).hexdigest()}
    artifacts.write_json(workspace.report("tiny", "quantize"), {"int8": row})
    outs = [workspace.onnx("tiny"), workspace.report("tiny", "quantize")]
    train, export = list(DEPS)[:2], list(DEPS)[2:]
    lock: dict[str, Any] = {
        "train@tiny": {"deps": entries({path: DEPS[path] for path in train}), "params": {"params.yaml": PARAMS}},
        "export@tiny": {"deps": entries({path: DEPS[path] for path in export}), "params": {"params.yaml": {"seed": 0}}},
        "publish@tiny": {"outs": entries({path.relative_to(tmp_path).as_posix(): dvc_files.digest(path) for path in outs})},
    }
    YAML().dump({"schema": "2.0", "stages": lock}, workspace.dvc_lock)
    return workspace


def entries(digests: dict[str, str]) -> list[dict[str, str]]:
    return [{"path": path, "md5": digest} for path, digest in digests.items()]


def int8(workspace: Workspace) -> Path:
    return workspace.quantized("tiny") / "model.int8.onnx"


def edit_lock(checkout: Workspace, right: str, wrong: str) -> None:
    text = checkout.dvc_lock.read_text()
    assert right in text
    checkout.dvc_lock.write_text(text.replace(right, wrong))


def with_metadata(path: Path, key: str, right: str, wrong: str, target: Path) -> Path:
    """A copy of an ONNX file, one of whose metadata is another."""
    model = onnx.load(path)
    (entry,) = (entry for entry in model.metadata_props if entry.key == key)
    assert right in entry.value
    entry.value = entry.value.replace(right, wrong)
    onnx.save(model, target)
    return target


def against(model: Path, checkout: Workspace) -> None:
    inspect_model.main([str(model), "--against", str(checkout.root)])


def test_people_read_what_it_is(checkout: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    path = checkout.onnx("tiny")
    inspect_model.main([str(path)])
    assert capsys.readouterr().out.splitlines() == [
        f"model       tiny, float32, {path.stat().st_size:,} bytes, opset 18",
        "classes     left, right, ü",
        "unsure      below 0.800, where validation's error rate is 2 %",
        "image       2 x 2, grey; rotated as EXIF says, transparency on (0, 0, 0), 16 bits to 8; "
        "other aspect ratios stretched; resized with OpenCV's area",
        "network     12 parameters, 34 multiply-adds per image",
        "calibrated  temperature 1.2500",
        "data        Test, licence MIT",
        "versions    keras 3",
        "from data   data/prepared/train 11111111",
        "from code   train 22222222",
        "environment requirements.txt 33333333",
        "parameters  models.tiny, seed",
        f"SHA-256     {hashlib.sha256(path.read_bytes()).hexdigest()}",
    ]


def test_programs_read_all_of_it(checkout: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    path = int8(checkout)
    inspect_model.main([str(path), "--json"])
    facts = json.loads(capsys.readouterr().out)
    assert (facts["model"], facts["precision"], facts["classes"]) == ("tiny", "int8", ["left", "right", "ü"])
    assert (facts["bytes"], facts["sha256"]) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    sizes = {"channels": 1, "height": 2, "width": 2, "interpolation": "area", "shape": "stretch"}
    assert facts["image_policy"] == {**sizes, "background": [0, 0, 0], "max_pixels": 100_000_000}
    assert facts["origin"] == {"deps": DEPS, "params": PARAMS}


def test_a_file_of_a_checkout_is_recognised(checkout: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    for path, stage in ((checkout.onnx("tiny"), "export"), (int8(checkout), "quantize")):
        against(path, checkout)
        assert capsys.readouterr().out == f"{path} is the file that {stage}@tiny of {checkout.dvc_lock} wrote\n"


@pytest.mark.parametrize("model", ["ann", "classical", "cnn"])
def test_the_committed_files_come_from_the_committed_lock(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(COMMITTED.dvc_lock, tmp_path)
    shutil.copytree(ROOT / "reports/quantize", tmp_path / "reports/quantize")
    for path in (COMMITTED.onnx(model), *COMMITTED.quantized(model).glob("*.onnx")):
        inspect_model.main([str(path), "--against", str(tmp_path)])
        stage = "export" if path == COMMITTED.onnx(model) else "quantize"
        assert capsys.readouterr().out == f"{path} is the file that {stage}@{model} of {tmp_path}/dvc.lock wrote\n"


def test_what_differs_is_named(checkout: Workspace, run: Run) -> None:
    path = checkout.onnx("tiny")
    for right, wrong in {dvc_files.digest(path): "a" * 32, "2" * 32: "b" * 32, "seed: 0": "seed: 7", "0.4": "0.3"}.items():
        edit_lock(checkout, right, wrong)
    ended = run("darkroom", "inspect", str(path), "--against", str(checkout.root))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        f"{path}: not the file that export@tiny of {checkout.dvc_lock} wrote",
        "models.tiny.fit.optimizer.Muon.weight_decay: 0.4 in the file, 0.3 in dvc.lock",
        "seed: 0 in the file, 7 in dvc.lock",
        "reports/code/train.csv: 22222222 in the file, bbbbbbbb in dvc.lock",
    ]


def test_a_file_that_was_changed_after_export_is_refused(checkout: Workspace, tmp_path: Path) -> None:
    model = onnx.load(checkout.onnx("tiny"))
    model.doc_string = "changed"
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(
        DarkroomError,
        match=r"m.onnx: not the file [^\n]+\nthe provenance is identical but the bytes differ: the file was changed afterwards",
    ):
        against(tmp_path / "m.onnx", checkout)


def test_a_smaller_file_that_was_changed_is_refused(checkout: Workspace, tmp_path: Path) -> None:
    path = with_metadata(int8(checkout), "classes", "left", "up", tmp_path / "m.onnx")
    with pytest.raises(DarkroomError, match=f"^{path}: not the file that quantize@tiny of {checkout.dvc_lock} wrote\n"):
        against(path, checkout)


def test_a_report_that_is_not_the_locks_proves_nothing(checkout: Workspace) -> None:
    report = checkout.report("tiny", "quantize")
    report.write_text(report.read_text() + " ")
    with pytest.raises(DarkroomError, match=f"^{report}: not the report that dvc.lock records; [^\n]+$"):
        against(int8(checkout), checkout)


def test_a_checkout_without_a_lock_is_one_line(checkout: Workspace, tmp_path: Path) -> None:
    checkout.dvc_lock.write_text("schema: '2.0'\n")
    with pytest.raises(DarkroomError, match=f"^{checkout.dvc_lock}: no stage publish@tiny$"):
        against(checkout.onnx("tiny"), checkout)
    checkout.dvc_lock.unlink()
    with pytest.raises(DarkroomError, match=f"^{checkout.dvc_lock}: no such file[^\n]*$"):
        against(checkout.onnx("tiny"), checkout)


def test_a_file_of_an_earlier_version_has_its_files_of_code_in_one(checkout: Workspace, tmp_path: Path) -> None:
    deps = {"pipeline/train.py": "4" * 32, "pipeline/export.py": "5" * 32}
    lines = inspect_model.description(replace(METADATA, origin={"deps": deps, "params": {}}), b"")
    together = hashlib.md5(("4" * 32 + "5" * 32).encode(), usedforsecurity=False).hexdigest()
    assert lines["from code"] == f"2 files {together[:8]}"
