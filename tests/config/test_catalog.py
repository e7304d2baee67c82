"""Every recipe of the catalog: its files come, are read, and its facts are those of the libraries that it names."""

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
from darkroom.config.catalog import Recipe
from darkroom.data.sources import readers
from pipeline import download
from tests.conftest import ROOT
from tests.support.deliveries import MADE, four, moved
from tests.support.server import served

NAMES = sorted(path.stem for path in (ROOT / "data/catalog").glob("*.yaml"))
UNPACKED = {
    "cifar10": {f"cifar-10-batches-bin/{name}" for name in ("data_batch_1.bin", "readme.html", "test_batch.bin")},
    "kmnist": set(four("")),
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


def given(name: str) -> Recipe:
    return config.load_recipe(ROOT / f"data/catalog/{name}.yaml")


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_recipe_brings_its_files_and_they_are_read(name: str, net: tuple[str, Path], tmp_path: Path) -> None:
    recipe, files, raw = given(name), MADE[name](), tmp_path / "data/raw"
    download.fetch(moved(recipe, files, *net), name, raw)
    assert {str(path.relative_to(raw)) for path in raw.rglob("*") if path.is_file()} == UNPACKED.get(name, set(files))
    assert readers.read(raw, recipe.classes).classes == recipe.classes


def test_the_stage_does_the_same(project: Path, run, net: tuple[str, Path]) -> None:
    edited = moved(given("kmnist"), MADE["kmnist"](), *net)
    YAML().dump(edited.model_dump(mode="json"), Path("data/catalog/kmnist.yaml"))
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("fashion-mnist", "kmnist"))
    ended = run("pipeline.download")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[0] == f"Kuzushiji-MNIST: 4 files from {net[0].removeprefix('http://')}"
    assert {path.name for path in Path("data/raw").iterdir()} == UNPACKED["kmnist"]


def test_what_scikit_learn_ships_is_read(tmp_path: Path) -> None:
    from sklearn import datasets

    download.fetch(given("digits"), "digits", tmp_path / "raw")
    found = readers.read(tmp_path / "raw", given("digits").classes)
    assert (len(found.items), found.classes) == (1797, tuple(map(str, datasets.load_digits().target_names)))


def test_each_recipe_is_tried_here() -> None:
    assert sorted([*MADE, "digits"]) == NAMES


def keras_source(name: str) -> str:
    """The text of one of Keras's data sets, without importing Keras."""
    found = importlib.util.find_spec("keras")
    assert found is not None and found.origin is not None
    return (Path(found.origin).parent / "src/datasets" / f"{name}.py").read_text()


@pytest.mark.parametrize(("name", "known"), [("cifar10", "cifar10"), ("fashion-mnist", "fashion_mnist")])
def test_classes_are_those_of_keras(name: str, known: str) -> None:
    table = re.findall(r"^ +\| +(\d+) +\| (.+?) +\|$", keras_source(known), re.MULTILINE)
    assert dict(enumerate(given(name).classes)) == {int(label): text for label, text in table}


def test_mnist_is_that_of_keras() -> None:
    written = {node.value for node in ast.walk(ast.parse(keras_source("mnist"))) if isinstance(node, ast.Constant)}
    recipe = given("mnist")
    assert {*recipe.files.values(), *recipe.files} <= written
    assert {source.url.removesuffix("{file}") for source in recipe.sources} <= written


def test_the_faces_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import _olivetti_faces

    known, recipe = _olivetti_faces.FACES, given("olivetti")
    assert (recipe.files, recipe.sources[0].url) == ({known.filename: known.checksum}, known.url)
    assert len(recipe.classes) == 40
