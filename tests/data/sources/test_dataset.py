"""What `dataset:` names, opened in place or unpacked temporarily, and the original images of a prepared split."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.data.sources import dataset


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in ("cat/a.png", "dog/b.png", "dog/c.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(name.encode())
    np.savez(tmp_path / "arrays.npz", images=np.arange(32, dtype=np.uint8).reshape(2, 4, 4), labels=np.array([0, 1]))
    return Workspace(tmp_path, tmp_path, tmp_path / "params.yaml")


def write_index(workspace: Workspace, *rows: str) -> None:
    workspace.index.parent.mkdir(parents=True, exist_ok=True)
    workspace.index.write_text("\n".join(["split,source", *rows, ""]))


def test_a_local_data_set_is_described_by_its_name(workspace: Workspace) -> None:
    assert dataset.describe("photos", workspace) == dataset.Description("photos")


def test_an_archive_is_unpacked_only_inside_the_block(workspace: Workspace) -> None:
    with zipfile.ZipFile(workspace.root / "photos.zip", "w") as archive:
        archive.writestr("cat/a.png", "a")
        archive.writestr("dog/b.png", "b")
    with dataset.opened("photos.zip", workspace) as collection:
        assert [collection.images[position].read_bytes() for position in range(2)] == [b"a", b"b"]
        assert len(list(workspace.raw.parent.iterdir())) == 1
    assert list(workspace.raw.parent.iterdir()) == []


def test_leftovers_of_a_killed_run_are_removed(workspace: Workspace) -> None:
    (workspace.raw.parent / "unpacked-x.part/all").mkdir(parents=True)
    workspace.raw.mkdir()
    dataset.remove_leftovers(workspace)
    assert list(workspace.raw.parent.iterdir()) == [workspace.raw]


def test_originals_are_in_the_order_of_the_index(workspace: Workspace) -> None:
    write_index(workspace, "train,cat/a.png", "validation,dog/c.png", "validation,dog/b.png")
    assert dataset.originals("photos", "validation", 2, workspace) == [b"dog/c.png", b"dog/b.png"]
    assert dataset.originals("photos", "validation", 1, workspace) == [b"dog/c.png"]
    write_index(workspace, "validation,arrays.npz/images#1")
    (image,) = dataset.originals("arrays.npz", "validation", 1, workspace)
    assert np.array_equal(image, np.arange(16, 32, dtype=np.uint8).reshape(4, 4))


@pytest.mark.parametrize("rows", [["validation,dog/gone.png", "validation,dog/b.png"], ["validation,dog/b.png"]])
def test_the_index_of_another_data_set_is_refused(workspace: Workspace, rows: list[str]) -> None:
    write_index(workspace, *rows)
    with pytest.raises(DarkroomError, match=f"^{workspace.index}: not the index of photos; run `dvc repro preprocess`$"):
        dataset.originals("photos", "validation", 2, workspace)


def test_a_locale_that_would_change_names_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    line = "^photos: file names are read as ascii here; set PYTHONUTF8=1$"
    with pytest.raises(DarkroomError, match=line), dataset.opened("photos", workspace):
        pass
