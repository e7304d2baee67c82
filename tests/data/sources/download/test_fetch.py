"""Files of a catalog entry are fetched, verified and unpacked; a bad source prints a line, and nothing is left half written."""

import gzip
import hashlib
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.config.catalog import CatalogEntry, DebianPackage, Source, Url
from darkroom.core.errors import DarkroomError
from darkroom.data.sources import download
from darkroom.data.sources.download import providers, transfer
from tests.support.server import ANSWERS, CONTENT, PACKED, Server, served

BROKE = "the connection broke before the file was complete"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(transfer, "WAIT_S", 0)
    with served(Server) as address:
        yield address


def md5(content: bytes) -> str:
    return hashlib.new("md5", content, usedforsecurity=False).hexdigest()


def entry(files: dict[str, str], *sources: Source) -> CatalogEntry:
    texts = dict.fromkeys(("title", "licence", "citation"), "Test")
    return CatalogEntry(**texts, homepage="https://test.example", classes=("a", "b"), files=files, sources=sources)


def url(address: str, path: str) -> Url:
    return Url(url=f"{address}/{path}")


def fetched(folder: Path, files: dict[str, str], *sources: Source) -> dict[str, bytes]:
    """The files in data/raw after the download; nothing else may be beside that folder."""
    raw = folder / "data/raw"
    try:
        download.fetch(entry(files, *sources), "e.yaml", raw)
    finally:
        assert {path.name for path in raw.parent.iterdir()} <= {"raw"}
    return {str(path.relative_to(raw)): path.read_bytes() for path in raw.rglob("*") if path.is_file()}


@pytest.mark.parametrize("path", ["good", "plain"])
def test_a_good_source_is_decompressed(address: str, path: str, tmp_path: Path) -> None:
    assert fetched(tmp_path, {"a": SHA256}, url(address, path)) == {"a": CONTENT}


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
@pytest.mark.parametrize("hashed", [PACKED, CONTENT], ids=["delivered", "content"])
def test_a_checksum_is_that_of_the_file_or_of_its_content(address: str, hashed: bytes, algorithm: str, tmp_path: Path) -> None:
    files = {"a.gz": hashlib.new(algorithm, hashed).hexdigest()}
    assert fetched(tmp_path, files, url(address, "good")) == {"a": CONTENT}


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("wrong", [f"a: wrong content: SHA-256 2d711642b726..., the catalog says {SHA256[:12]}..."]),
        ("cut", ["a: damaged or truncated (Compressed file ended before the end-of-stream marker was reached)"]),
        ("none", ["{}/none: HTTP 404"]),
        ("broken", [f"{{}}/broken: {BROKE}{end}" for end in ("; trying again (2 of 3)", "; trying again (3 of 3)", "")]),
    ],
)
def test_a_bad_source_prints_a_line_per_attempt_and_the_next_is_tried(
    address: str, path: str, lines: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert fetched(tmp_path, {"a": SHA256}, url(address, path), url(address, "good")) == {"a": CONTENT}
    assert capsys.readouterr().err.splitlines() == [line.format(address) for line in lines]


def test_data_raw_is_replaced_whole_or_not_at_all(address: str, tmp_path: Path) -> None:
    (tmp_path / "data/raw").mkdir(parents=True)
    (tmp_path / "data/raw/old").write_bytes(b"old")
    (tmp_path / "data/raw.part/fresh").mkdir(parents=True)  # of a run that was killed
    with pytest.raises(DarkroomError, match="^e.yaml: none of its 1 sources could deliver Test; nothing was written$"):
        fetched(tmp_path, {"a": SHA256, "b": "0" * 64}, url(address, "good"))
    assert (tmp_path / "data/raw/old").read_bytes() == b"old"
    assert fetched(tmp_path, {"a": SHA256}, url(address, "good")) == {"a": CONTENT}


def test_an_archive_that_reaches_outside_is_refused(
    address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../outside", "x")
    content = (tmp_path / "a.zip").read_bytes()
    monkeypatch.setitem(ANSWERS, "/hostile", content)
    with pytest.raises(DarkroomError):
        fetched(tmp_path, {"a.zip": md5(content)}, url(address, "hostile"))
    assert "'../outside'" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "data"]


def test_a_large_file_is_not_held_in_memory(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytes(64 * 1024**2)
    monkeypatch.setitem(ANSWERS, "/large", gzip.compress(content, 1))
    tracemalloc.start()
    download.fetch(entry({"a": hashlib.sha256(content).hexdigest()}, url(address, "large")), "e.yaml", tmp_path / "raw")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ((tmp_path / "raw/a").stat().st_size, peak < 16 * 1024**2) == (len(content), True)


@pytest.mark.parametrize("way", ["another folder", "a link", "a linked folder"])
def test_a_file_outside_the_package_is_neither_moved_nor_copied(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a").write_bytes(CONTENT)

    def unpacked(_: DebianPackage, scratch: Path) -> Path:
        if way == "another folder":
            return mine
        folder = scratch / "package"
        if way == "a linked folder":
            folder.symlink_to(mine)
        else:
            folder.mkdir()
            (folder / "a").symlink_to(mine / "a")
        return folder

    monkeypatch.setattr(providers, "_unpack", unpacked)
    with pytest.raises(DarkroomError, match="^e.yaml: none of its 1 sources could deliver Test; nothing was written$"):
        download.fetch(entry({"a": SHA256}, DebianPackage(debian="some", folder="usr")), "e.yaml", tmp_path / "raw")
    assert (mine / "a").read_bytes() == CONTENT and not (tmp_path / "raw").exists()


def test_a_link_within_the_package_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unpacked(_: DebianPackage, scratch: Path) -> Path:
        (scratch / "package").mkdir()
        (scratch / "package/b").write_bytes(CONTENT)
        (scratch / "package/a").symlink_to("b")
        return scratch / "package"

    monkeypatch.setattr(providers, "_unpack", unpacked)
    download.fetch(entry({"a": SHA256}, DebianPackage(debian="some", folder="usr")), "e.yaml", tmp_path / "raw")
    assert (tmp_path / "raw/a").read_bytes() == CONTENT and not (tmp_path / "raw/a").is_symlink()
