"""The finished models of the repository, used as a stranger would."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from darkroom.commands import predict
from darkroom.core.errors import DarkroomError, printable
from darkroom.inference.classifier import Classifier
from tests.conftest import ROOT, Run

MODEL = ROOT / "models" / "cnn" / "model.onnx"
BOOT = ROOT / "tests" / "boot.png"  # test image 0 of Fashion-MNIST, an ankle boot


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two boots, one of them deeper down, a text, and an image that is none."""
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.png", "deep/a.PNG", "._hidden.png"):
        (folder / name).write_bytes(BOOT.read_bytes())
    (folder / "notes.txt").write_text("no image, and no image's name")
    (folder / "c.jpg").write_bytes(b"no image")
    return folder


def test_a_bad_file_among_many_has_its_row(photos: Path, tmp_path: Path, run) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ended = run("darkroom", "predict", str(MODEL), "gone.png", str(empty), str(photos), "--format", "csv")
    rows = list(csv.DictReader(ended.stdout.splitlines()))
    assert [(row["file"], row["label"], row["error"]) for row in rows] == [
        ("gone.png", "", "no such file"),
        (str(empty), "", "no image files in this folder"),
        (f"{photos}/b.png", "Ankle boot", ""),
        (f"{photos}/c.jpg", "", "not an image that Pillow or OpenCV can decode"),
        (f"{photos}/deep/a.PNG", "Ankle boot", ""),
    ]
    assert 0.5 < float(rows[2]["probability"]) <= 1
    assert (ended.returncode, ended.stderr) == (1, "3 of 5 images could not be read\n")


def test_the_most_probable_classes_in_every_format(photos: Path, run) -> None:
    boot = str(photos / "b.png")
    (row,) = json.loads(run("darkroom", "predict", str(MODEL), boot, "--top", "99", "--format", "json").stdout)
    assert (row["label"], len(row["top"])) == ("Ankle boot", 10)
    assert sum(entry["probability"] for entry in row["top"]) == pytest.approx(1, abs=1e-4)
    first, second = (f"{entry['class']} {entry['probability']:.4f}" for entry in row["top"][:2])
    assert run("darkroom", "predict", str(MODEL), boot, "--top", "2").stdout == f"{boot}  {first}  {second}\n"
    (row,) = csv.DictReader(run("darkroom", "predict", str(MODEL), boot, "--top", "3", "--format", "csv").stdout.splitlines())
    assert row["class1"] == "Ankle boot" and float(row["probability1"]) >= float(row["probability2"]) > 0


def test_json_has_the_errors_too(photos: Path, run) -> None:
    ended = run("darkroom", "predict", str(MODEL), str(photos), "--format", "json", "--batch", "1")
    assert [("label" in row, "error" in row) for row in json.loads(ended.stdout)] == [
        (True, False),
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize("words", [["--top", "0"], ["--batch", "-1"], ["--batch", f"{10**20}"], ["--format", "xml"], [""]])
def test_a_wrong_option_is_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        predict.main([str(MODEL), str(BOOT), *words])
    assert end.value.code == 2


def test_what_cannot_be_read_has_its_row_and_all_others_are_classified(tmp_path: Path, run: Run) -> None:
    names = ["a\x1b[2J.png", "b\r.png", "c\n.png"]
    for name in names:
        (tmp_path / name).write_bytes(BOOT.read_bytes())
    os.mkfifo(tmp_path / "d.png")
    (tmp_path / "e.png").symlink_to("nothing")
    with (tmp_path / "f.png").open("wb") as stream:
        stream.truncate(5 * 10**9)  # a sparse file
    ended = run("darkroom", "predict", str(MODEL), "/dev/zero", str(tmp_path), str(BOOT), "--format", "csv")
    assert (ended.returncode, ended.stderr) == (1, "4 of 8 images could not be read\n")
    rows = list(csv.DictReader(ended.stdout.split("\n")[:-1]))
    no_file = "not a regular file (a device, a pipe or a socket)"
    assert [(row["file"], row["label"], row["error"]) for row in rows] == [
        ("/dev/zero", "", no_file),
        *((f"{tmp_path}/{printable(name)}", "Ankle boot", "") for name in names),
        (f"{tmp_path}/d.png", "", no_file),
        (f"{tmp_path}/e.png", "", "a broken link"),
        (f"{tmp_path}/f.png", "", "5,000,000,000 bytes; at most 1,616,777,216 are allowed"),
        (str(BOOT), "Ankle boot", ""),
    ]


def test_a_folder_that_cannot_be_listed_has_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.png").write_bytes(BOOT.read_bytes())
    usual = os.scandir

    def scandir(path: str | Path) -> Any:  # as for a user without permission, which root has
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path)

    monkeypatch.setattr(os, "scandir", scandir)
    files = predict.image_files(tmp_path)
    assert files == [tmp_path / "a.png", tmp_path / "closed"]
    boot, closed = Classifier(MODEL).answers(files)
    assert boot.label == "Ankle boot" and str(closed) == f"{tmp_path}/closed: permission denied"


def test_a_closed_output_is_one_line() -> None:
    command = f"{sys.executable} -m darkroom predict {MODEL} {BOOT} >&-"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr) == (1, "standard output is closed; redirect it to /dev/null instead\n")


def test_progress_is_printed_to_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    clock = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    rows = [(str(number), DarkroomError("")) for number in range(3)]
    watched, unwatched = Terminal(), io.StringIO()
    for stream in (watched, unwatched):
        assert list(predict.progress(rows, 3, stream)) == rows
    assert "\r3 of 3, 1 a second" in watched.getvalue()
    assert unwatched.getvalue() == ""


@pytest.mark.parametrize(("content", "line"), [(b"no model", "not an ONNX model"), (None, "no such file")])
def test_a_bad_model_is_one_line(tmp_path: Path, content: bytes | None, line: str, run) -> None:
    path = tmp_path / "m.onnx"
    if content:
        path.write_bytes(content)
    ended = run("darkroom", "predict", str(path), str(BOOT))
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith(f"{path}: {line}")


def test_predict_needs_no_more_than_it_says(tmp_path: Path, run) -> None:
    program = f"""
import sys
for name in ("tensorflow", "keras", "pandas", "pydantic", "onnx", "ruamel", "albumentations", "sklearn", "dvc"):
    sys.modules[name] = None
from darkroom import Classifier
print(Classifier({str(MODEL)!r}).predict([{str(BOOT)!r}])[0].label)
"""
    (tmp_path / "alone.py").write_text(program)
    assert run("alone", PYTHONPATH=f"{tmp_path}:{ROOT}").stdout == "Ankle boot\n"


def test_a_name_that_cannot_be_printed_stops_nothing(tmp_path: Path, run) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.png"
    Path(os.fsdecode(name)).write_bytes(BOOT.read_bytes())
    ended = run("darkroom", "predict", str(MODEL), str(tmp_path), str(BOOT), PYTHONIOENCODING="utf-8:strict")
    assert (ended.returncode, ended.stderr, ended.stdout.count("Ankle boot")) == (0, "", 2)


def test_a_reader_that_has_had_enough_is_no_error(photos: Path) -> None:
    command = f"{sys.executable} -m darkroom predict {MODEL} {' '.join([str(BOOT)] * 300)} --format csv | head -n 2"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True)  # noqa: S602
    assert (len(ended.stdout.splitlines()), ended.stderr) == (2, "")
