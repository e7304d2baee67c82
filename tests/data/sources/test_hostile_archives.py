"""Hostile and damaged archives: each is refused with one line and leaves nothing behind."""

import gc
import gzip
import io
import random
import tarfile
import zipfile
from pathlib import Path

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import archives, bombs
from darkroom.data.sources.archives import tars
from darkroom.data.sources.archives.rules import Rules
from tests.data.sources.test_archives import CHECKED, FILES, GOOD, everything, refused, saved
from tests.support import hostile_archives as hostile

BIG = {"a": bytes(3000), "b": bytes(3000)}


@pytest.mark.parametrize(
    ("content", "line"),
    [*hostile.ZIPS.values(), *hostile.TARS.values()],
    ids=[*(f"zip: {name}" for name in hostile.ZIPS), *(f"tar: {name}" for name in hostile.TARS)],
)
def test_hostile_archives_are_refused_and_leave_nothing(tmp_path: Path, content: bytes, line: str) -> None:
    path = saved(tmp_path, content)
    (tmp_path / "victim").write_bytes(b"untouched")
    before = everything(tmp_path)
    assert refused(archives.unpack, path, tmp_path / "folder") == f"{path}: {line}"
    assert everything(tmp_path) == before


def test_endless_long_names_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, hostile.header(b"x", 1, b"L", b"a") * 2000 + hostile.WHOLE)
    line = refused(archives.unpack, path, tmp_path / "folder")
    assert line.startswith(f"{path}: damaged or truncated (maximum recursion depth exceeded")
    assert everything(tmp_path).keys() == {"x.zip"}


@pytest.mark.parametrize(
    ("content", "files"),
    [
        (hostile.zipped(*BIG.items(), method=zipfile.ZIP_DEFLATED), BIG),
        (gzip.compress(hostile.tarred(*BIG.items())), BIG),
        (gzip.compress(hostile.header(b"a", 3, b"0", b"abc") + bytes(6000)), {"a": b"abc"}),
    ],
    ids=["zip", "members", "zeros after the end"],
)
def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, files: dict[str, bytes]) -> None:
    monkeypatch.setattr(bombs, "MIN_LIMIT", 5000)
    monkeypatch.setattr(bombs, "MAX_RATIO", 1)
    path = saved(tmp_path, content)
    line = f"{path}: unpacks to more than 5,000 bytes, like a decompression bomb; if you trust it, unpack it yourself"
    assert refused(archives.unpack, path, tmp_path / "folder") == line
    assert everything(tmp_path) == {"x.zip": content}
    monkeypatch.setattr(bombs, "MAX_RATIO", 1000)
    archives.unpack(path, tmp_path / "folder")
    assert everything(tmp_path / "folder") == files


def test_a_million_members_need_the_memory_of_one() -> None:
    def headers() -> int:
        return sum(isinstance(instance, tarfile.TarInfo) for instance in gc.get_objects())

    many = io.BytesIO(hostile.tarred(*((f"f{number}", b"") for number in range(50))))
    gc.collect()
    gc.freeze()  # what there is by now is not counted
    existing = [headers() for _ in tars.entries(many, Rules(limit=10**6, free_bytes=0))]
    assert len(existing) == 50
    assert max(existing) < 5


@pytest.mark.parametrize("name", [*CHECKED, "x.tar", "gnu.tar"])
def test_damage_is_refused_or_changes_nothing(tmp_path: Path, name: str) -> None:
    draw = random.Random(0)
    for round_ in range(200):
        damaged = bytearray(GOOD[name])
        for _ in range(draw.choice((1, 1, 3))):
            damaged[draw.randrange(len(damaged))] = draw.choice((0, 255, draw.randrange(256)))
        cut = round_ % 3 == 0
        folder = tmp_path / str(round_)
        path = saved(tmp_path, GOOD[name][: draw.randrange(len(damaged))] if cut else bytes(damaged))
        try:
            archives.unpack(path, folder)
        except DarkroomError as refusal:
            assert str(refusal).startswith(f"{path}: ")
            assert "\n" not in str(refusal)
            assert not folder.exists()
        else:
            unpacked = {file: content for file, content in everything(folder).items() if content is not None}
            assert unpacked == FILES or (name not in CHECKED and not cut)
