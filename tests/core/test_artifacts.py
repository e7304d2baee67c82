"""Files and folders are written whole or not at all, in one canonical form."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkroom.core import artifacts, csv_files


def test_json_is_canonical(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "figures.json"
    artifacts.write_json(path, {"b": 0.1234567891, "a": {"ü": [1, 2.0]}})
    assert path.read_text() == '{\n  "a": {\n    "ü": [\n      1,\n      2.0\n    ]\n  },\n  "b": 0.123457\n}\n'


def test_csv_is_canonical(tmp_path: Path) -> None:
    csv_files.write(tmp_path / "t.csv", pd.DataFrame({"epoch": [1], "loss": [1 / 3]}))
    assert (tmp_path / "t.csv").read_bytes() == b"epoch,loss\n1,0.333333\n"


def test_arrays_come_back(tmp_path: Path) -> None:
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


def test_a_folder_that_cannot_be_renamed_into_place_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "prepared"
    folder.mkdir()
    (folder / "old").touch()
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name == "fresh":
            raise OSError("no space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="no space left"), artifacts.replaced(folder):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["prepared", "old"]


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "prepared.part" / "old").mkdir(parents=True)
    (tmp_path / "prepared.part" / "old" / "kept").touch()
    with pytest.raises(KeyboardInterrupt), artifacts.replaced(tmp_path / "prepared"):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.rglob("*")] == ["prepared", "kept"]
