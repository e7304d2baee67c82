"""Selects the backend of Keras by environment variables, which Keras and TensorFlow read once, when they are imported."""

import contextlib
import gc
import importlib.util
import os
import sys
from collections.abc import Iterator
from importlib.abc import MetaPathFinder

from darkroom.core.errors import DarkroomError

DETERMINISTIC_XLA = "--xla_gpu_deterministic_ops=true"


class NoTensorFlow(MetaPathFinder):
    """Keeps TensorFlow from being imported: Keras on JAX would do so, for seconds, to seed it and to recognise its types."""

    @classmethod
    def find_spec(cls, name: str, *_: object) -> None:
        """Raises ModuleNotFoundError for TensorFlow; leaves all others to the next finder."""
        if name == "tensorflow":
            raise ModuleNotFoundError(f"{name} is not imported on JAX")


def configure(backend: str = "tensorflow", deterministic: bool = True) -> None:
    """Selects `backend`, `tensorflow` or `jax`, for Keras. Raises DarkroomError if it is not installed.

    `deterministic` makes XLA use deterministic kernels on GPUs; `darkroom.training.runtime` does the rest.
    """
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # off by default on CPUs with AVX2 only, yet much faster there
    flags = os.environ.get("XLA_FLAGS", "").replace(DETERMINISTIC_XLA, "")
    os.environ["XLA_FLAGS"] = f"{flags} {DETERMINISTIC_XLA}".strip() if deterministic else flags.strip()
    finders = [finder for finder in sys.meta_path if finder is not NoTensorFlow]
    sys.meta_path[:] = finders if backend == "tensorflow" else [NoTensorFlow, *finders]
    if importlib.util.find_spec(backend) is None:
        raise DarkroomError(f"params.yaml: training.backend: {backend} is not installed: `uv pip install {backend}`")


@contextlib.contextmanager
def quiet_import() -> Iterator[None]:
    """Silences what C++ libraries print while TensorFlow loads, before a log level applies. Exceptions still propagate.

    The garbage collector rests: it would visit the million objects that stay, again and again.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    devnull = os.open(os.devnull, os.O_WRONLY)
    collects = gc.isenabled()
    gc.disable()
    try:
        os.dup2(devnull, 2)
        yield
    finally:
        gc.freeze()
        if collects:
            gc.enable()
        os.dup2(stderr, 2)
        os.close(devnull)
        os.close(stderr)
