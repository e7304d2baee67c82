"""Sessions of onnxruntime, without its log messages and with one-line errors."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotSupported

from darkroom.core.errors import DarkroomError

ERROR = 3
FAULTS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotSupported)
LEVELS = {
    "none": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def load(content: bytes, name: str, threads: int = 0, level: str = "all") -> onnxruntime.InferenceSession:
    """A CPU session with `threads` threads (0: one per core) and graph optimisation at `level`, a key of `LEVELS`.

    Raises DarkroomError, which names the file, if the bytes are not a model that runs.
    """
    onnxruntime.set_default_logger_severity(ERROR)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERROR
    options.intra_op_num_threads = threads
    options.graph_optimization_level = LEVELS[level]
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except (*FAULTS, UnicodeDecodeError) as error:
        raise DarkroomError(f"{name}: not an ONNX model that onnxruntime can run: {_first_line(error)}") from None


def load_file(path: Path) -> onnxruntime.InferenceSession:
    """A CPU session for a file. Raises DarkroomError if the file is missing or not a model that runs."""
    try:
        return load(path.read_bytes(), str(path))
    except FileNotFoundError:
        raise DarkroomError(f"{path}: no such file") from None


def run(session: onnxruntime.InferenceSession, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities, float32 n x K, for uint8 n x H x W x C. Raises DarkroomError if the model cannot run."""
    try:
        (probabilities,) = session.run(["probabilities"], {"image": images})
    except (*FAULTS, ValueError) as error:
        raise DarkroomError(f"onnxruntime cannot run the model: {_first_line(error)}") from None
    return np.asarray(probabilities, np.float32)


def run_batches(session: onnxruntime.InferenceSession, batches: Iterable[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Probabilities, float32 N x K, for batches of uint8 n x H x W x C, in order. Raises DarkroomError as `run` does."""
    return np.concatenate([run(session, images) for images in batches])


def load_and_run(content: bytes, name: str, batches: Iterable[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], dict[str, str]]:
    """The probabilities of an ONNX file for batches, as `run_batches` returns them, and its metadata: text by key.

    Raises DarkroomError, which names the file, if the bytes are not a model that runs or the metadata is not UTF-8.
    """
    session = load(content, name)
    texts = metadata(session, name)
    return run_batches(session, batches), texts


def metadata(session: onnxruntime.InferenceSession, name: str) -> dict[str, str]:
    """The metadata of a model: text by key. Raises DarkroomError, which names the file, if it is not UTF-8."""
    try:
        texts: dict[str, str] = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise DarkroomError(f"{name}: damaged metadata: {error}") from None
    return texts


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
