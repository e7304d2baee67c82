import gzip
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline import download
from pipeline.data import sources
from pipeline.errors import Refusal
from pipeline.params.recipe import Bundled, DebianPackage, Recipe, Source, Url

CONTENT = b"\x00\x01pixels" * 1000
PACKED = gzip.compress(CONTENT)
ANSWERS = {"/good/a.gz": PACKED, "/plain/a.gz": CONTENT, "/wrong/a.gz": gzip.compress(b"x"), "/cut/a.gz": PACKED[:-20]}


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow/a.gz":
            time.sleep(2)
        if self.path in ("/trickle/a.gz", "/endless/a.gz"):
            self.trickle(["1000000"] * (self.path == "/trickle/a.gz"))
            return
        if self.path == "/broken/a.gz":
            self.send_response(200)
            self.send_header("Content-Length", str(len(PACKED)))
            self.end_headers()
            self.wfile.write(PACKED[:20])
            return
        body = ANSWERS.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def trickle(self, lengths: list[str]) -> None:
        self.send_response(200)
        for length in lengths:
            self.send_header("Content-Length", length)
        self.end_headers()
        for _ in range(30):
            self.wfile.write(b"x" * 1024)
            time.sleep(0.1)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def recipe(*tried: Source) -> Recipe:
    return Recipe(
        title="Test",
        homepage="h",
        licence="MIT",
        citation="c",
        format="idx",
        classes=("a", "b"),
        files={"a": hashlib.sha256(CONTENT).hexdigest()},
        sources=tried,
    )


def url(address: str, folder: str) -> Url:
    return Url(url=f"{address}/{folder}/{{file}}.gz")


@pytest.mark.parametrize("folder", ["good", "plain"])
def test_a_good_source_is_decompressed(address: str, folder: str) -> None:
    assert download.fetch(recipe(url(address, folder)), "r.yaml") == {"a": CONTENT}


@pytest.mark.parametrize(
    ("folder", "line"),
    [
        ("wrong", "a: wrong content: SHA-256 2d711642b726..., the recipe says"),
        ("cut", "a: a damaged archive ("),
        ("none", "/none/a.gz: HTTP 404"),
        ("broken", "/broken/a.gz: the connection broke before the file was whole"),
        ("slow", "/slow/a.gz: no answer within 0.5 s"),
        ("trickle", "/trickle/a.gz: slower than 20 kB/s"),
        ("endless", "/endless/a.gz: slower than 20 kB/s"),
    ],
)
def test_a_bad_source_costs_a_line_and_the_next_is_tried(
    address: str, folder: str, line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "TIMEOUT_S", 0.5)
    monkeypatch.setattr(sources, "PATIENCE_S", 0.5)
    assert download.fetch(recipe(url(address, folder), url(address, "good")), "r.yaml") == {"a": CONTENT}
    assert capsys.readouterr().err.count(line) == 1


def test_when_every_source_fails_nothing_is_written(project: Path, run) -> None:
    text = Path("data/catalog/mnist.yaml").read_text().replace("https://storage.googleapis.com", "http://127.0.0.1:9")
    Path("data/catalog/mnist.yaml").write_text(text)
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("fashion-mnist", "mnist"))
    ended = run("pipeline.download")
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "http://127.0.0.1:9/tensorflow/tf-keras-datasets/mnist.npz: cannot be reached, or fell silent",
        "data/catalog/mnist.yaml: none of its 1 sources could deliver MNIST handwritten digits; nothing was written",
    ]
    assert not Path("data/raw").exists()


def test_without_apt_the_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refusal, match=r"apt-get: not on this machine \(it needs Debian or Ubuntu\)"):
        sources.open_source(DebianPackage(debian="dataset-fashion-mnist", folder="usr"), tmp_path)


def test_bundled_digits_are_whole() -> None:
    fetch = sources.open_source(Bundled(scikit_learn="load_digits"), Path())
    assert len(fetch("images.npy")) == 128 + 1797 * 64
