"""Files and folders are written whole or not at all, in one canonical form."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkroom.core import artifacts, csv_files
from darkroom.core.errors import DarkroomError


def test_json_is_canonical(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "figures.json"
    artifacts.write_json(path, {"b": 0.1234567891, "a": {"ü": [1, 2.0]}})
    assert path.read_text() == '{\n  "a": {\n    "ü": [\n      1,\n      2.0\n    ]\n  },\n  "b": 0.123457\n}\n'


def test_csv_is_canonical(tmp_path: Path) -> None:
    csv_files.write(tmp_path / "t.csv", pd.DataFrame({"epoch": [1], "loss": [1 / 3]}))
    assert (tmp_path / "t.csv").read_bytes() == b"epoch,loss\n1,0.333333\n"


def test_arrays_round_trip(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)[:, ::-1]
    artifacts.write_array(tmp_path / "a.npy", array)
    assert np.array_equal(np.load(tmp_path / "a.npy"), array)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only")
@pytest.mark.parametrize(
    ("write", "content"), [(artifacts.write_bytes, b"new" * 100_000), (artifacts.write_array, np.zeros(100_000))]
)
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, write, content) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    (tmp_path / "model.onnx.part").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as failed:
        write(path, content)
    assert failed.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.onnx"]


def test_a_kill_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_bytes(b"old")

    def interrupted(stream: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        artifacts.replace(path, interrupted)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


def test_a_bug_while_writing_is_not_blamed_on_the_disk(tmp_path: Path) -> None:
    def failing(stream: object) -> None:
        raise OSError("ours")

    with pytest.raises(OSError, match="^ours$") as failed:
        artifacts.replace(tmp_path / "metrics.json", failing)
    assert (failed.value.filename, list(tmp_path.iterdir())) == (None, [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds one file, `kept`."""
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared/kept").touch()
    return tmp_path / "prepared"


def names(folder: Path) -> list[str]:
    """The files and folders beside a folder, and in it."""
    return sorted(path.relative_to(folder.parent).as_posix() for path in folder.parent.rglob("*"))


def refuse(monkeypatch: pytest.MonkeyPatch, *refused: str) -> None:
    """Makes renames fail whose source has one of these names."""
    rename = Path.rename

    def renamed(path: Path, target: Path) -> Path:
        if path.name in refused:
            raise PermissionError(13, "Permission denied", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", renamed)


def write(folder: Path) -> None:
    with artifacts.replaced(folder) as (fresh, scratch):
        (fresh / "new").touch()
        (scratch / "temporary").touch()


def test_a_folder_is_replaced(folder: Path) -> None:
    write(folder)
    assert names(folder) == ["prepared", "prepared/new"]


@pytest.mark.parametrize("step", ["prepared", "fresh"])
def test_a_rename_that_fails_leaves_the_old_folder(step: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, step)
    with pytest.raises(PermissionError):
        write(folder)
    assert names(folder) == ["prepared", "prepared/kept"]


def test_a_folder_that_cannot_be_renamed_back_is_named_and_the_next_run_recovers_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = folder.with_name("prepared.part") / "old"
    line = rf"^{folder}: Permission denied; the previous folder is {old}; the next run moves it back$"
    with monkeypatch.context() as patch:
        refuse(patch, "fresh", "old")
        for _ in range(2):  # the second run fails too, and deletes nothing
            with pytest.raises(DarkroomError, match=line):
                write(folder)
            assert "prepared.part/old/kept" in names(folder)
    with pytest.raises(KeyboardInterrupt), artifacts.replaced(folder):
        raise KeyboardInterrupt
    assert names(folder) == ["prepared", "prepared/kept"]


def test_a_folder_that_another_program_created_meanwhile_and_the_old_one_both_survive(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def late(path: Path, target: Path) -> Path:
        if path.name == "fresh":
            target.mkdir()
            (target / "theirs").touch()
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    for _ in range(2):
        with pytest.raises(
            DarkroomError, match=rf"^{folder}: another program created it meanwhile; the previous one is .*/old: move"
        ):
            write(folder)
        assert {"prepared/theirs", "prepared.part/old/kept"} <= set(names(folder))


def test_a_kill_between_the_two_renames_loses_nothing(folder: Path) -> None:
    part = folder.with_name("prepared.part")
    (part / "fresh").mkdir(parents=True)
    folder.rename(part / "old")
    with pytest.raises(KeyboardInterrupt), artifacts.replaced(folder):
        raise KeyboardInterrupt
    assert names(folder) == ["prepared", "prepared/kept"]


def test_a_kill_after_both_renames_leaves_the_new_folder(folder: Path) -> None:
    part = folder.with_name("prepared.part")
    (part / "old/half").mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt), artifacts.replaced(folder):
        raise KeyboardInterrupt
    assert names(folder) == ["prepared", "prepared/kept"]
