"""What dvc.yaml declares, with digests as DVC computes them, and the differences between two such states."""

import shutil
from pathlib import Path

import pytest
from dvc_data.hashfile.build import build
from dvc_data.hashfile.db import HashFileDB
from dvc_objects.fs.local import LocalFileSystem

from darkroom.core import digests, dvc_files, fingerprint, yaml_source
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from tests.conftest import ROOT

DVC = """
stages:
  train:
    foreach: ${models}
    do:
      cmd: python -m pipeline.train ${key}
      params: [seed, "models.${key}.epochs"]
      deps: [data/prepared/train, reports/code/train.csv, requirements.txt]
  export:
    foreach: ${models}
    do:
      cmd: python -m pipeline.export ${key}
      params: [seed, export]
      deps: ["models/${key}/model.keras", requirements.txt]
"""


def test_a_folder_has_the_digest_that_dvc_computes(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "darkroom/config", tmp_path / "folder", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "folder/deeper").mkdir()
    (tmp_path / "folder/deeper/ü.txt").write_text("ü")
    system = LocalFileSystem()
    _, _, built = build(HashFileDB(system, str(tmp_path / "store")), str(tmp_path / "folder"), system, "md5")
    assert dvc_files.digest(tmp_path / "folder") == built.hash_info.value


def test_a_missing_dependency_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DarkroomError, match=rf"^{tmp_path}/none: no such file, but dvc.yaml declares it as a dependency$"):
        dvc_files.digest(tmp_path / "none")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A checkout, and elsewhere the data, models and parameters of a run."""
    for name, content in {
        "checkout/dvc.yaml": DVC,
        "checkout/requirements.txt": "keras",
        "checkout/pipeline/train.py": "x = 1",
        "checkout/pipeline/__init__.py": "",
        "run/data/prepared/train/labels.npy": "1",
        "run/models/m/model.keras": "weights",
        "params.yaml": "seed: 7\nexport: {opset: 18}\nmodels:\n  m: {epochs: 3, layers: [Flatten]}\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return Workspace(tmp_path / "checkout", tmp_path / "run", tmp_path / "params.yaml")


def test_declared_digests_are_those_of_the_workspace_and_the_current_code(workspace: Workspace) -> None:
    code = fingerprint.to_csv(fingerprint.rows("train", workspace.root))
    assert "pipeline.train" in code and not workspace.code("train").exists()
    params = yaml_source.read(workspace.params).values
    deps = {
        "data/prepared/train": dvc_files.digest(workspace.split("train")),
        "models/m/model.keras": digests.md5(b"weights"),
        "reports/code/train.csv": digests.md5(code.encode()),
        "requirements.txt": digests.md5(b"keras"),
    }
    both = dvc_files.declared(("train", "export"), "m", params, workspace)
    assert both == Dependencies(deps, {"seed": 7, "models.m.epochs": 3, "export": {"opset": 18}})
    assert list(both.deps) == sorted(deps)
    (alone,) = dvc_files.declared(("export",), "m", params, workspace).deps.keys() - {"requirements.txt"}
    assert alone == "models/m/model.keras"


def test_the_lock_has_the_same_for_the_last_run() -> None:
    train = {"deps": [{"path": "a", "md5": "1"}], "params": {"params.yaml": {"seed": 0}}}
    lock = {"stages": {"train@m": train, "export@m": {"deps": [{"path": "b", "md5": "2"}]}, "train@n": {}}}
    assert dvc_files.locked(("train", "export"), "m", lock) == Dependencies({"a": "1", "b": "2"}, {"seed": 0})
    assert dvc_files.locked(("train",), "n", lock) == dvc_files.locked(("train",), "m", {}) == Dependencies({}, {})


def test_differences_are_named_down_to_the_value() -> None:
    one = Dependencies(
        {"a": "0123456789", "b": "1", "c": "2"}, {"seed": 0, "models.m": {"layers": [{"D": {"units": 8}}], "f": 1}}
    )
    other = Dependencies(
        {"a": "9876543210", "b": "1"}, {"seed": 0, "models.m": {"layers": [{"D": {"units": 9}}]}, "new": "x" * 99}
    )
    assert list(dvc_files.differences(one, other, ("then", "now"))) == [
        "models.m.f: 1 then, absent now",
        "models.m.layers[0].D.units: 8 then, 9 now",
        f'new: absent then, "{"x" * 76}... now',
        "a: 01234567 then, 98765432 now",
        "c: 2 then, absent now",
    ]
    assert list(dvc_files.differences(one, one, ("then", "now"))) == []
