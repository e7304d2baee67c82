"""onnxruntime, opened quietly, with errors in one line."""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotSupported

from pipeline.errors import Refusal

ERROR = 3


def load(content: bytes, name: str) -> onnxruntime.InferenceSession:
    """A session on the CPU. Raises Refusal, which names the file, where the bytes are not a model that runs."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERROR
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
