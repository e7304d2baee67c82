"""Every file of a run has one path, whichever folder of the checkout a command is started in."""

import os
from pathlib import Path

import pytest

from darkroom.core.workspace import Workspace, find_root


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "reports/code").mkdir(parents=True)
    (tmp_path / "dvc.yaml").touch()
    return tmp_path


@pytest.mark.parametrize(("folder", "root"), [(".", "."), ("reports", ".."), ("reports/code", "../..")])
def test_the_root_is_found_from_any_folder_inside(
    folder: str, root: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout / folder)
    assert find_root() == Path(root)
    assert Workspace.at() == Workspace(Path(root), Path(root), Path(root, "params.yaml"))


def test_the_nearest_checkout_counts(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "reports/dvc.yaml").touch()
    monkeypatch.chdir(checkout / "reports/code")
    assert find_root() == Path("..")


def test_outside_a_checkout_the_working_folder_is_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not any((folder / "dvc.yaml").exists() for folder in tmp_path.parents)
    assert find_root() == Path()


def test_another_folder_holds_the_results_and_the_checkout_all_else(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout)
    workspace = Workspace.at(Path("/checkout"), Path("other.yaml"))
    assert (workspace.root, workspace.folder, workspace.params) == (Path(), Path("/checkout"), Path("other.yaml"))
    results = (
        workspace.split("train"),
        workspace.onnx("m"),
        workspace.candidate_report("m", "verify"),
        workspace.report("m", "verify"),
    )
    assert [os.fspath(path) for path in results] == [
        "/checkout/data/prepared/train",
        "/checkout/models/m/model.onnx",
        "/checkout/models/m/candidate/verify.json",
        "/checkout/reports/verify/m.json",
    ]
    in_checkout = (
        workspace.dvc_lock,
        workspace.catalog,
        workspace.dataset("photos"),
        workspace.benchmark("memory"),
        workspace.code("train"),
    )
    assert [os.fspath(path) for path in in_checkout] == [
        "dvc.lock",
        "data/catalog",
        "photos",
        "benchmarks/memory.json",
        "reports/code/train.csv",
    ]
