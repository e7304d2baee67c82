"""The passport for people and programs, and the file against a checkout."""

import json
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from darkroom.core import dvc_files, paths
from darkroom.core.errors import DarkroomError
from tests.conftest import ROOT, Run

MODEL = ROOT / "models" / "cnn" / "model.onnx"
INT8 = ROOT / "models" / "cnn" / "compact" / "model.int8.onnx"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the committed dvc.lock and the reports that it is held to."""
    shutil.copy(ROOT / "dvc.lock", tmp_path)
    shutil.copytree(ROOT / "reports" / "quantize", tmp_path / "reports" / "quantize")
    return tmp_path


def edit(checkout: Path, right: str, wrong: str) -> None:
    text = (checkout / "dvc.lock").read_text()
    assert right in text
    (checkout / "dvc.lock").write_text(text.replace(right, wrong))


def test_people_read_what_it_is(run: Run) -> None:
    told = run("darkroom.commands.inspect_model", str(MODEL)).stdout
    for words in ("Ankle boot", "28 x 28, grey", "parameters", "temperature", "Fashion-MNIST", "requirements.txt", "SHA-256"):
        assert words in told


def test_programs_read_all_of_it(run: Run) -> None:
    told = json.loads(run("darkroom.commands.inspect_model", str(INT8), "--json").stdout)
    assert (told["model"], told["precision"], told["bytes"]) == ("cnn", "int8", INT8.stat().st_size)
    sizes = {"channels": 1, "height": 28, "width": 28, "interpolation": "area", "shape": "stretch"}
    assert told["image_policy"] == {**sizes, "background": [0, 0, 0], "max_pixels": 100_000_000}
    assert {"requirements.txt", "data/prepared/train", "pipeline/training/network.py"} <= told["origin"]["deps"].keys()
    assert told["origin"]["params"]["models.cnn"]["flip_averaging"] is True


@pytest.mark.parametrize("model", ["ann", "classical", "cnn"])
def test_the_committed_files_come_from_the_committed_lock(model: str, checkout: Path, run: Run) -> None:
    for path in (ROOT / paths.onnx(model), *(ROOT / paths.compact(model)).glob("*.onnx")):
        ended = run("darkroom.commands.inspect_model", str(path), "--against", str(checkout))
        assert (ended.returncode, ended.stderr) == (0, "")
        stage = "export" if path.name == "model.onnx" else "quantize"
        assert ended.stdout == f"{path} is the file that {stage}@{model} of {checkout}/dvc.lock wrote\n"


def test_what_differs_is_named(checkout: Path, run: Run) -> None:
    lock = YAML(typ="safe").load(ROOT / "dvc.lock")["stages"]
    written = next(out["md5"] for out in lock["export@cnn"]["outs"] if out["path"].endswith(".onnx"))
    code = next(dep["md5"] for dep in lock["train@cnn"]["deps"] if dep["path"] == "pipeline/training/network.py")
    edit(checkout, written, "a" * 32)
    edit(checkout, code, "b" * 32)
    edit(checkout, "seed: 0", "seed: 7")
    edit(checkout, " weight_decay: 0.4", " weight_decay: 0.3")
    ended = run("darkroom.commands.inspect_model", str(MODEL), "--against", str(checkout))
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"{MODEL}: not the file that export@cnn of {checkout}/dvc.lock wrote",
        "models.cnn.fit.optimizer.Muon.weight_decay: 0.4 in the file, 0.3 in dvc.lock",
        "seed: 0 in the file, 7 in dvc.lock",
        f"pipeline/training/network.py: {code[:8]} in the file, bbbbbbbb in dvc.lock",
    ]


def test_a_file_changed_after_export_is_told(checkout: Path, tmp_path: Path, run: Run) -> None:
    import onnx

    model = onnx.load(MODEL)
    model.doc_string = "changed"
    onnx.save(model, tmp_path / "m.onnx")
    ended = run("darkroom.commands.inspect_model", str(tmp_path / "m.onnx"), "--against", str(checkout))
    assert ended.returncode == 1
    assert "changed afterwards" in ended.stderr


def test_a_smaller_file_that_was_changed_is_told(checkout: Path, tmp_path: Path, run: Run) -> None:
    import onnx

    model = onnx.load(INT8)
    for entry in model.metadata_props:
        if entry.key == "classes":
            entry.value = json.dumps(json.loads(entry.value)[::-1])
    onnx.save(model, tmp_path / "m.onnx")
    ended = run("darkroom.commands.inspect_model", str(tmp_path / "m.onnx"), "--against", str(checkout))
    assert ended.returncode == 1
    assert f"not the file that quantize@cnn of {checkout}/dvc.lock wrote" in ended.stderr


def test_a_report_that_is_not_the_locks_proves_nothing(checkout: Path, run: Run) -> None:
    report = checkout / "reports" / "quantize" / "cnn.json"
    report.write_text(report.read_text() + " ")
    ended = run("darkroom.commands.inspect_model", str(INT8), "--against", str(checkout))
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert "not the report of the dvc.lock beside it" in ended.stderr


def test_a_checkout_without_a_lock_is_one_line(tmp_path: Path, run: Run) -> None:
    ended = run("darkroom.commands.inspect_model", str(MODEL), "--against", str(tmp_path))
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert ended.stderr.startswith(f"{tmp_path}/dvc.lock: no such file")
    (tmp_path / "dvc.lock").write_text("schema: '2.0'\n")
    ended = run("darkroom.commands.inspect_model", str(MODEL), "--against", str(tmp_path))
    assert (ended.returncode, ended.stderr) == (1, f"{tmp_path}/dvc.lock: no export of a model called cnn\n")


def test_a_dependency_that_is_not_there_has_no_hash(tmp_path: Path) -> None:
    with pytest.raises(DarkroomError, match=r"gone: no such file; dvc.yaml declares it"):
        dvc_files.digest(tmp_path / "gone")


def test_an_origin_that_is_damaged_is_one_line(tmp_path: Path, run: Run) -> None:
    import onnx

    model = onnx.load(MODEL)
    for entry in model.metadata_props:
        if entry.key == "origin":
            entry.value = entry.value.replace('"deps"', '"depz"')
    onnx.save(model, tmp_path / "m.onnx")
    ended = run("darkroom.commands.inspect_model", str(tmp_path / "m.onnx"))
    assert (ended.returncode, ended.stderr) == (
        1,
        f"{tmp_path}/m.onnx: damaged metadata: origin must have deps and params\n",
    )


def test_a_folder_is_hashed_as_dvc_does(tmp_path: Path) -> None:
    for path in (ROOT / "pipeline" / "params").glob("*.py"):
        shutil.copy(path, tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_bytes(b"x")
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.db import HashFileDB
    from dvc_objects.fs.local import LocalFileSystem

    shutil.copytree(tmp_path, tmp_path.parent / "clean", ignore=shutil.ignore_patterns("__pycache__"))
    system = LocalFileSystem()
    store = HashFileDB(system, str(tmp_path.parent / "store"))
    _, _, known = build(store, str(tmp_path.parent / "clean"), system, "md5")
    assert dvc_files.digest(tmp_path) == known.hash_info.value
