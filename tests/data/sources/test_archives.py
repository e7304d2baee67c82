"""Archives: good ones are unpacked byte for byte, bad ones are refused with one line and leave nothing."""

import gzip
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import archives
from tests.support import hostile_archives as hostile
from tests.support.hostile_archives import TREE

FILES = {name: content for name, content in TREE if not name.endswith("/")}
FOLDERS = {"d": None, "d/e": None, "empty": None, "ä": None}
GOOD = {
    "x.zip": hostile.zipped(*TREE),
    "deflated.ZIP": hostile.zipped(*TREE, method=zipfile.ZIP_DEFLATED),
    "modes.zip": hostile.zipped(*((n.rstrip("/"), c, stat.S_IFREG if n in FILES else stat.S_IFDIR) for n, c in TREE)),
    "empty.zip": hostile.zipped(),
    "gnu.tar": hostile.tarred(*TREE, layout=tarfile.GNU_FORMAT),
    "dots.tar": hostile.tarred(*((f"./{name}", content) for name, content in TREE)),
    "PK-BZh.tar": hostile.tarred(("PK", b"")),
    "tar.zip": hostile.tarred(*TREE),
    "zip.tar": hostile.zipped(*TREE),
    "two.tgz": gzip.compress(hostile.tarred(*TREE)[:700]) + gzip.compress(hostile.tarred(*TREE)[700:]),
    **{f"x.tar{suffix}": hostile.tarred(*TREE, mode=f"w:{suffix[1:]}") for suffix in ("", ".gz", ".bz2", ".xz")},
}
CHECKED = ["x.zip", "deflated.ZIP", "x.tar.gz", "x.tar.bz2", "x.tar.xz"]  # they carry checksums of their content


def everything(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def saved(folder: Path, content: bytes, name: str = "x.zip") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def refused(call: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(DarkroomError) as caught:
        call(*arguments)
    return str(caught.value)


@pytest.mark.parametrize("name", GOOD)
def test_good_archives_are_unpacked_byte_for_byte_whatever_their_suffix(tmp_path: Path, name: str) -> None:
    path, folder = saved(tmp_path, GOOD[name], name), tmp_path / "folder"
    files, folders = {"empty.zip": ({}, {}), "PK-BZh.tar": ({"PK": b""}, {})}.get(name, (FILES, FOLDERS))
    assert archives.is_archive(path)
    archives.unpack(path, folder)
    assert everything(folder) == {**files, **folders}
    assert {file.stat().st_mode & 0o111 for file in folder.rglob("*") if file.is_file()} <= {0}


@pytest.mark.parametrize(
    ("name", "expected"), [("A.TGZ", True), ("a.tar.xz", True), ("zip", False), ("a.npz", False), ("a.gz", False)]
)
def test_archives_are_recognised_by_their_suffix(name: str, expected: bool) -> None:
    assert archives.is_archive(Path(name)) is expected


def test_a_missing_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.zip"
    assert refused(archives.unpack, path, tmp_path / "folder") == f"{path}: cannot be read (No such file or directory)"
    assert everything(tmp_path) == {}


@pytest.mark.parametrize("name", CHECKED)
def test_too_little_disk_space_is_refused_in_advance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path = saved(tmp_path, GOOD[name], name)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda folder: SimpleNamespace(free=495))
    line = f"{path}: needs more than the 495 bytes free on the disk"
    assert refused(archives.unpack, path, tmp_path / "folder") == line
    assert everything(tmp_path).keys() == {name}


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
def test_the_folder_must_be_empty(tmp_path: Path, name: str) -> None:
    path, folder = saved(tmp_path, GOOD[name], name), tmp_path / "folder"
    folder.mkdir()
    saved(folder, b"mine", "a.bin")
    assert refused(archives.unpack, path, folder) == f"{folder}: not empty; an archive is unpacked into a folder of its own"
    assert everything(folder) == {"a.bin": b"mine"}


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    """Two names may be one file on a file system that ignores case."""
    path = saved(tmp_path, b"mine")
    assert refused(archives._write, path, archives.Entry("X.ZIP", iter([b"x"]))) == "'X.ZIP' cannot be written (File exists)"
    assert path.read_bytes() == b"mine"


def test_a_name_that_the_disk_refuses(tmp_path: Path) -> None:
    path = saved(tmp_path, hostile.zipped(("n" * 256, b"")))
    assert (
        refused(archives.unpack, path, tmp_path / "folder") == f"{path}: '{'n' * 256}' cannot be written (File name too long)"
    )
    assert everything(tmp_path).keys() == {"x.zip"}


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    path, write, steps = saved(tmp_path, GOOD[name], name), archives._write, []

    def interrupted(target: Path, entry: archives.Entry) -> None:
        write(target, entry)
        steps.append(everything(tmp_path / "folder"))
        if len(steps) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(archives, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        archives.unpack(path, tmp_path / "folder")
    assert "a.bin" in steps[1]
    assert everything(tmp_path).keys() == {name}


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz"])
@pytest.mark.parametrize("function", ["rules.Rules.admit", "_write"])
@pytest.mark.parametrize("error", [ValueError, TypeError, KeyError])
def test_an_error_of_ours_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, function: str, error: type[Exception]
) -> None:
    def broken(*_: object) -> None:
        raise error("a bug")

    path = saved(tmp_path, GOOD[name], name)
    monkeypatch.setattr(f"darkroom.data.sources.archives.{function}", broken)
    with pytest.raises(error, match="a bug"):
        archives.unpack(path, tmp_path / "folder")
    assert everything(tmp_path).keys() == {name}
