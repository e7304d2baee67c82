"""Real digits in the formats of MedMNIST and CIFAR, from a local server through every stage to the report."""

import html
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from ruamel.yaml import YAML
from sklearn.datasets import load_digits

from darkroom import config
from darkroom.core.workspace import Workspace
from pipeline import download, evaluate, export, preprocess, publish, quantize, report, train, verify
from tests.config.test_catalog import Quiet
from tests.conftest import ROOT
from tests.support.deliveries import moved, npz, packed_cifar
from tests.support.server import served

pytestmark = pytest.mark.tensorflow

STAGES = (download, preprocess, train, export, verify, quantize, publish, evaluate, report)


def digits(side: int, *colours: int) -> tuple[np.ndarray, np.ndarray]:
    """1,200 real digits, enlarged; in colour each channel is a copy of its own brightness."""
    bundled = load_digits()
    grey = [
        cv2.resize((image * 15.9).astype(np.uint8), (side, side), interpolation=cv2.INTER_LINEAR)
        for image in bundled.images[:1200]
    ]
    images = np.stack(grey)
    if colours:
        images = np.stack([images, images // 2, 255 - images], axis=-1)
    return images, bundled.target[:1200].astype(np.uint8)


def medmnist(name: str, side: int, *colours: int) -> dict[str, bytes]:
    images, labels = digits(side, *colours)
    parts = {"train": slice(0, 800), "val": slice(800, 1000), "test": slice(1000, 1200)}
    arrays = {f"{split}_images": images[part] for split, part in parts.items()}
    return {name: npz(**arrays, **{f"{split}_labels": labels[part, None] for split, part in parts.items()})}


def cifar() -> dict[str, bytes]:
    images, labels = digits(32, 3)
    records = np.hstack([labels[:, None], images.transpose(0, 3, 1, 2).reshape(len(images), -1)])
    return packed_cifar({"data_batch_1.bin": records[:900].tobytes(), "test_batch.bin": records[900:].tobytes()})


KINDS = {
    "grey, 28": ("pneumoniamnist", partial(medmnist, "pneumoniamnist.npz", 28), "{height: 28, width: 28, channels: 1", 200),
    "colour, 64": ("pathmnist", partial(medmnist, "pathmnist.npz", 64, 3), "{height: 64, width: 64, channels: 3", 200),
    "CIFAR": ("cifar10", cifar, "{height: 32, width: 32, channels: 3", 300),
}


@pytest.fixture
def net(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    (tmp_path / "net").mkdir()
    with served(partial(Quiet, directory=tmp_path / "net")) as address:  # type: ignore[arg-type]
        yield address, tmp_path / "net"


@pytest.mark.parametrize("kind", KINDS)
def test_a_format_goes_through_all_stages(kind: str, project: Path, net: tuple[str, Path]) -> None:
    name, files, size, tested = KINDS[kind]
    workspace = Workspace.at()
    entry = config.catalog_entry(f"data/catalog/{name}.yaml", workspace).model_copy(update={"classes": tuple("0123456789")})
    YAML().dump(moved(entry, files(), *net).model_dump(mode="json"), Path(f"data/catalog/{name}.yaml"))
    text = (ROOT / "tests/smoke.yaml").read_text().replace("digits.yaml", f"{name}.yaml")
    text = text.replace("{height: 8, width: 8, channels: 1", size).replace("kernel_size: 3", "kernel_size: 3, strides: 2")
    Path("params.yaml").write_text(text.replace("workers: null", "workers: 1"))
    for stage in STAGES:
        stage.main(["tiny"] * (stage not in (download, preprocess, report)))
    evaluation = json.loads(workspace.evaluation("tiny").read_text())
    assert evaluation["images"] == tested
    assert evaluation["accuracy"] > 0.5
    assert json.loads(workspace.report("tiny", "verify").read_text())["flips"] == 0
    assert html.escape(entry.title, quote=True).replace("&#x27;", "&#39;") in workspace.page.read_text()
