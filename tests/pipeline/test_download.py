"""The stage fails if no source delivers the data set, and leaves nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.data.sources.download import transfer
from tests.conftest import Run
from tests.support.server import Server, served


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(transfer, "WAIT_S", 0)
    with served(Server) as address:
        yield address


def test_when_every_source_fails_nothing_is_written(project: Path, run: Run, address: str) -> None:
    text = Path("data/catalog/mnist.yaml").read_text().replace("https://storage.googleapis.com", address)
    Path("data/catalog/mnist.yaml").write_text(text)
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("fashion-mnist", "mnist"))
    ended = run("pipeline.download")
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        f"{address}/tensorflow/tf-keras-datasets/mnist.npz: HTTP 404",
        "data/catalog/mnist.yaml: none of its 1 sources could deliver MNIST handwritten digits; nothing was written",
    ]
    assert sorted(path.name for path in Path("data").iterdir()) == ["catalog"]
