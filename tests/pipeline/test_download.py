"""The stage fails if no source delivers the data set, and leaves nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data.sources.download import transfer
from pipeline import download
from tests.support.server import Server, served


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(transfer, "WAIT_S", 0)
    with served(Server) as address:
        yield address


def test_when_every_source_fails_nothing_is_written(project: Path, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path("data/catalog/mnist.yaml").read_text().replace("https://storage.googleapis.com", address)
    Path("data/catalog/mnist.yaml").write_text(text)
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("fashion-mnist", "mnist"))
    nothing = "none of its 1 sources could deliver MNIST handwritten digits; nothing was written"
    with pytest.raises(DarkroomError, match=f"^data/catalog/mnist.yaml: {nothing}$"):
        download.main([])
    assert capsys.readouterr().err == f"{address}/tensorflow/tf-keras-datasets/mnist.npz: HTTP 404\n"
    assert sorted(path.name for path in Path("data").iterdir()) == ["catalog"]
