"""onnxruntime, opened quietly, with errors in one line."""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotSupported

from pipeline.errors import Refusal

ERROR = 3
LEVELS = {
    "none": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def load(content: bytes, name: str, threads: int = 0, level: str = "all") -> onnxruntime.InferenceSession:
    """A session on the CPU, with that many threads (0: one a core) and that level of graph optimisation.

    Raises Refusal, which names the file, where the bytes are not a model that runs.
    """
    onnxruntime.set_default_logger_severity(ERROR)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERROR
    options.intra_op_num_threads = threads
    options.graph_optimization_level = LEVELS[level]
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotSupported) as error:
        raise Refusal(f"{name}: not an ONNX model that onnxruntime can run: {str(error).splitlines()[0]}") from None


def load_file(path: Path) -> onnxruntime.InferenceSession:
    """The same from a file."""
    try:
        return load(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise Refusal(f"{path}: no such file") from None


def run(session: onnxruntime.InferenceSession, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities, float32 n x K, for uint8 n x H x W x C."""
    (probabilities,) = session.run(["probabilities"], {"image": images})
    return np.asarray(probabilities, np.float32)
