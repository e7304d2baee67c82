"""The backend is chosen by the environment, before Keras is imported."""

import os
import subprocess
import sys

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.launch import backend
from darkroom.launch.backend import DETERMINISTIC_XLA


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restores the variables after each test."""
    for name in ("KERAS_BACKEND", "XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS"):
        monkeypatch.setenv(name, os.environ.get(name, ""))


def test_a_backend_that_is_not_installed_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DarkroomError, match=r"^params.yaml: training.backend: jax is not installed: `uv pip install jax`$"):
        backend.configure("jax")


def test_the_variables_suit_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_a=1")
    backend.configure("jax")
    backend.configure("jax")
    assert (os.environ["KERAS_BACKEND"], os.environ["XLA_FLAGS"].split()) == ("jax", ["--xla_a=1", DETERMINISTIC_XLA])
    with pytest.raises(ModuleNotFoundError):
        sys.meta_path[0].find_spec("tensorflow")
    backend.configure("tensorflow", deterministic=False)
    assert backend.NoTensorFlow not in sys.meta_path
    assert (os.environ["KERAS_BACKEND"], os.environ["XLA_FLAGS"]) == ("tensorflow", "--xla_a=1")
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"


def test_stderr_is_silenced_during_an_import_only(capfd: pytest.CaptureFixture[str]) -> None:
    with backend.quiet_import():
        os.write(2, b"a library loads\n")
    os.write(2, b"an error\n")
    assert capfd.readouterr().err == "an error\n"


@pytest.mark.tensorflow
@pytest.mark.parametrize("deterministic", [False, True])
def test_tensorflow_is_deterministic_on_request(deterministic: bool) -> None:
    from tensorflow.python.framework import config

    from darkroom.training import runtime

    config.disable_op_determinism()
    try:
        runtime.start(0, "float32", deterministic)
        assert config.is_op_determinism_enabled() is deterministic
    finally:
        config.enable_op_determinism()


def test_launch_imports_neither_keras_nor_tensorflow() -> None:
    code = """
import sys
from darkroom.launch import backend, checkpoint_file, training_identity
from darkroom.launch.distributed import cluster, shard, watchdog
print(sorted({"keras", "tensorflow", "jax"} & sys.modules.keys()))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
