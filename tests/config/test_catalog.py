"""Every entry of the catalog: its files are fetched and read, and its facts agree with the libraries that it names."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from darkroom import config
from darkroom.config.catalog import CatalogEntry
from darkroom.core.workspace import Workspace
from darkroom.data.sources import readers
from darkroom.data.sources.download import fetch
from pipeline import download
from tests.conftest import ROOT
from tests.support.deliveries import DELIVERIES, mnist_files, moved
from tests.support.server import served

NAMES = sorted(path.stem for path in (ROOT / "data/catalog").glob("*.yaml"))
UNPACKED = {
    "cifar10": {f"cifar-10-batches-bin/{name}" for name in ("data_batch_1.bin", "readme.html", "test_batch.bin")},
    "kmnist": set(mnist_files("")),
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def net(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An address, and the folder that is served there."""
    (tmp_path / "net").mkdir()
    with served(partial(Quiet, directory=tmp_path / "net")) as address:  # type: ignore[arg-type]
        yield address, tmp_path / "net"


def entry(name: str) -> CatalogEntry:
    return config.catalog_entry(str(ROOT / f"data/catalog/{name}.yaml"), Workspace.at())


@pytest.mark.parametrize("name", sorted(DELIVERIES))
def test_the_files_of_an_entry_are_fetched_and_read(name: str, net: tuple[str, Path], tmp_path: Path) -> None:
    files, raw = DELIVERIES[name](), tmp_path / "data/raw"
    fetch(moved(entry(name), files, *net), name, raw)
    assert {str(path.relative_to(raw)) for path in raw.rglob("*") if path.is_file()} == UNPACKED.get(name, set(files))
    assert readers.read(raw, entry(name).classes).classes == entry(name).classes


def test_the_stage_does_the_same(project: Path, net: tuple[str, Path], capfd: pytest.CaptureFixture[str]) -> None:
    edited = moved(entry("kmnist"), DELIVERIES["kmnist"](), *net)
    YAML().dump(edited.model_dump(mode="json"), Path("data/catalog/kmnist.yaml"))
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("fashion-mnist", "kmnist"))
    download.main([])
    printed = capfd.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines()[0] == f"Kuzushiji-MNIST: 4 files from {net[0].removeprefix('http://')}"
    assert {path.name for path in Path("data/raw").iterdir()} == UNPACKED["kmnist"]


def test_the_digits_that_scikit_learn_ships_are_read(tmp_path: Path) -> None:
    from sklearn import datasets

    fetch(entry("digits"), "digits", tmp_path / "raw")
    collection = readers.read(tmp_path / "raw", entry("digits").classes)
    assert (len(collection.items), collection.classes) == (1797, tuple(map(str, datasets.load_digits().target_names)))


def test_every_entry_is_tested() -> None:
    assert sorted([*DELIVERIES, "digits"]) == NAMES


def keras_source(name: str) -> str:
    """The text of one of Keras's data sets, without importing Keras."""
    spec = importlib.util.find_spec("keras")
    assert spec is not None and spec.origin is not None
    return (Path(spec.origin).parent / "src/datasets" / f"{name}.py").read_text()


@pytest.mark.parametrize(("name", "keras_name"), [("cifar10", "cifar10"), ("fashion-mnist", "fashion_mnist")])
def test_classes_are_those_of_keras(name: str, keras_name: str) -> None:
    table = re.findall(r"^ +\| +(\d+) +\| (.+?) +\|$", keras_source(keras_name), re.MULTILINE)
    assert dict(enumerate(entry(name).classes)) == {int(label): text for label, text in table}


def test_mnist_is_that_of_keras() -> None:
    constants = {node.value for node in ast.walk(ast.parse(keras_source("mnist"))) if isinstance(node, ast.Constant)}
    mnist = entry("mnist")
    assert {*mnist.files.values(), *mnist.files} <= constants
    assert {source.url.removesuffix("{file}") for source in mnist.sources} <= constants


def test_the_faces_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import _olivetti_faces

    faces, olivetti = _olivetti_faces.FACES, entry("olivetti")
    assert (olivetti.files, olivetti.sources[0].url) == ({faces.filename: faces.checksum}, faces.url)
    assert len(olivetti.classes) == 40
