"""What several tests need: a copy of the project in a folder of its own, a command in it; and the order of all tests."""

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from darkroom.config.model import Model
from darkroom.config.places import assign
from darkroom.core.workspace import Workspace
from darkroom.core.yaml_source import Place, Source
from darkroom.launch import backend

gc.disable()  # until all test files are imported
backend.configure()  # before any test imports darkroom.training, and with it Keras; JAX runs in subprocesses only
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell's job in the background has it, and all that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent
HANGS_S = 1200  # a process that takes longer hangs; no test asserts how long anything takes
COPIED = ("darkroom", "pipeline", "data/catalog", "benchmarks", "dvc.yaml", "params.yaml", "requirements.txt", ".dvcignore")
HEAVY = {"jax", "keras", "tensorflow"}
LONGEST = (
    *("test_smoke.py", "test_distributed.py", "test_resuming.py", "test_experiments.py", "docs/test_commands.py"),
    *("tests/pipeline/", "tests/export/", "tests/training/"),
)

WORKSPACE = Workspace(Path(), Path(), Path("params.yaml"))  # the working folder: the copy, where a test has `project`
PLACE = Place(Source("params.yaml", {}, {("models", "m"): 7}), ("models", "m"))

FIT: dict[str, Any] = {
    "epochs": 1,
    "batch_size": 8,
    "optimizer": {"SGD": {"learning_rate": 0.1}},
    "warmup": None,
    "loss": "CategoricalCrossentropy",
    "class_weight": None,
    "callbacks": [],
}


def model_of(fit: dict[str, Any] | None = None, augment: Sequence[Any] = (), **architecture: Any) -> Model:
    """A model as params.yaml has it at PLACE: its network, and what differs from the plainest training."""
    values = {**architecture, "augment": list(augment), "flip_averaging": False, "fit": {**FIT, **(fit or {})}}
    model = Model.model_validate(values)
    assign(model, PLACE)
    return model


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are no name for a test: they may hold a clock (gzip), and then two workers of pytest-xdist disagree."""
    return argname if isinstance(val, bytes) else None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file all of whose tests need TensorFlow may import it: it is not even read where such tests are left out."""
    left_out = "not tensorflow" in config.option.markexpr and collection_path.suffix == ".py"
    return True if left_out and "\npytestmark = pytest.mark.tensorflow\n" in collection_path.read_text() else None


def pytest_collection_finish() -> None:
    """From here on, the garbage collector leaves out what the test files have imported: a million objects of TensorFlow."""
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """onnx reports as leaked what is not freed at the end."""
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that at the end no worker of pytest-xdist waits long for another (`--no-loadscope-reorder`)."""
    items.sort(key=lambda item: next((rank for rank, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST)))


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What JAX has compiled in one process of the tests it reads in all others: compiling is half of a small training."""
    folder = tmp_path_factory.getbasetemp()
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str((folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "jax")
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


@pytest.fixture(autouse=True)
def marked(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that imports TensorFlow is marked so, or the tests without TensorFlow would take as long as all others."""
    before = HEAVY & sys.modules.keys()
    yield
    assert HEAVY & sys.modules.keys() == before or request.node.get_closest_marker("tensorflow")


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the stages need; it becomes the working folder."""
    for name in COPIED:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, target)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs `python -m ...` in the working folder and returns what it printed and its exit code."""

    def call(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", *words]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=HANGS_S)

    return call
