"""Keras switched on quietly and deterministically, on TensorFlow or on JAX."""

import contextlib
import importlib.util
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from darkroom.core.errors import DarkroomError

DETERMINISTIC_XLA = "--xla_gpu_deterministic_ops=true"


def start(seed: int, backend: str = "tensorflow", precision: str = "float32", deterministic: bool = True) -> str:
    """Imports Keras on `backend` with every generator seeded, and deterministic operators; returns the device in words.

    `precision` is a Keras dtype policy: weights stay float32. Raises DarkroomError where the backend is not installed.
    """
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # off by default where a CPU has AVX2 alone, yet much faster there
    flags = os.environ.get("XLA_FLAGS", "").replace(DETERMINISTIC_XLA, "")
    os.environ["XLA_FLAGS"] = f"{flags} {DETERMINISTIC_XLA}".strip() if deterministic else flags.strip()
    if importlib.util.find_spec(backend) is None:
        raise DarkroomError(f"params.yaml: training.backend: {backend} is not installed: `uv pip install {backend}`")
    with native_stderr_closed():
        import keras

        keras.utils.set_random_seed(seed)  # which loads TensorFlow too, where it is installed
        device = _tensorflow(deterministic) if backend == "tensorflow" else _jax()
    if precision == "mixed_bfloat16" and device.startswith("the CPU") and not _has_bfloat16():
        device += " and has no bfloat16 of its own, which will be slower than float32"
    keras.config.set_dtype_policy(precision)
    return device


def _has_bfloat16() -> bool:
    """Does the processor multiply bfloat16 numbers? Where Linux does not say, it is taken to."""
    told = Path("/proc/cpuinfo")
    return not told.exists() or bool(re.search(r"avx512_bf16|amx_bf16|\bbf16\b", told.read_text()))


def _tensorflow(deterministic: bool) -> str:
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"tf2onnx|tensorflow")
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return f"the CPU ({os.cpu_count()} cores): TensorFlow {tf.__version__} sees no GPU"
    for gpu in gpus:  # take memory as needed, so that two runs can share a card
        tf.config.experimental.set_memory_growth(gpu, True)
    names = [str(tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)) for gpu in gpus]
    others = f", one of {len(gpus)}: training.backend: jax uses all" * (len(gpus) > 1)
    return f"the GPU {names[0]} with TensorFlow {tf.__version__}{others}"


def _jax() -> str:
    import jax

    warnings.filterwarnings("ignore", message="Explicitly requested dtype int64", module="jax")
    device = jax.devices()[0]
    if device.platform == "cpu":
        return f"the CPU ({os.cpu_count()} cores): JAX {jax.__version__} sees no GPU"
    return f"the GPU {device.device_kind} with JAX {jax.__version__}"


def refusals() -> tuple[type[Exception], ...]:
    """The classes of the errors with which Keras and its backend refuse what they are given."""
    import keras

    usual = (ValueError, TypeError, RuntimeError)  # JAX's own are RuntimeErrors
    if keras.backend.backend() != "tensorflow":
        return usual
    import tensorflow as tf

    return (*usual, tf.errors.OpError)


@contextlib.contextmanager
def native_stderr_closed() -> Iterator[None]:
    """Silences what C++ libraries print while TensorFlow loads, before any log level applies; Python's errors still pass."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
