"""TensorFlow switched on quietly and deterministically."""

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator


def start(seed: int) -> str:
    """Imports TensorFlow with deterministic operators and every generator seeded; returns the device in words."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # off by default where a CPU has AVX2 alone, yet much faster there
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with native_stderr_closed():
        import keras
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"tf2onnx|tensorflow")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    if not gpus:
        return f"the CPU ({os.cpu_count()} cores): TensorFlow {tf.__version__} sees no GPU"
    for gpu in gpus:  # take memory as needed, so that two runs can share a card
        tf.config.experimental.set_memory_growth(gpu, True)
    names = [str(tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)) for gpu in gpus]
    return f"the GPU {names[0]} with TensorFlow {tf.__version__}"


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
