"""Sessions of onnxruntime, without warnings and with one-line errors."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,  # noqa: A004 - onnxruntime's, of an operator
    RuntimeException,
)

from darkroom.core import files
from darkroom.core.arrays import Pixels, Probabilities
from darkroom.core.errors import DarkroomError, first_line, prefixed

ERROR = 3  # onnxruntime's log severity
INPUT, OUTPUT = "image", "probabilities"
LOAD_ERRORS = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeException, UnicodeDecodeError)
RUN_ERRORS = (Fail, InvalidArgument, RuntimeException)  # from operators: names of inputs and outputs are checked on loading
LARGEST = 2**31 - 1  # bytes of an ONNX file
TOLERANCE = 0.01  # of probabilities and their sum: float16 rounds
LEVELS = {
    "none": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def load(content: bytes, name: str, threads: int = 0, level: str = "all") -> onnxruntime.InferenceSession:
    """A CPU session with `threads` threads (0: one per core) and graph optimisation at `level`, a key of `LEVELS`.

    Raises DarkroomError, naming the file, if the bytes are not a model that runs, or if its input is not `image` or its output
    not `probabilities`.
    """
    onnxruntime.set_default_logger_severity(ERROR)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERROR
    options.intra_op_num_threads = threads
    options.graph_optimization_level = LEVELS[level]
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except LOAD_ERRORS as error:
        raise DarkroomError(f"{name}: not an ONNX model that onnxruntime can run: {first_line(error)}") from None
    inputs = ", ".join(tensor.name for tensor in session.get_inputs())
    outputs = ", ".join(tensor.name for tensor in session.get_outputs())
    if (inputs, outputs) != (INPUT, OUTPUT):
        raise DarkroomError(
            f"{name}: not a model of this pipeline: its input is {inputs} and its output {outputs}, not {INPUT} and {OUTPUT}"
        )
    return session


def load_file(path: Path) -> onnxruntime.InferenceSession:
    """A CPU session for a file. Raises DarkroomError if there is no such file, or as `load` does."""
    if not path.exists():
        models = sorted(map(str, {*path.parent.glob("*.onnx"), *path.parent.parent.glob("*/*.onnx")}))
        meant = "".join(f"; did you mean {model}?" for model in get_close_matches(str(path), models, n=1))
        raise DarkroomError(f"{path}: no such file{meant}")
    if path.is_dir():
        models = sorted(map(str, path.glob("*.onnx")), key=len)
        raise DarkroomError(f"{path}: a folder; name the file, as {models[0] if models else path / 'model.onnx'}")
    with prefixed(path):
        content = files.read(path, LARGEST)
    return load(content, str(path))


def run(session: onnxruntime.InferenceSession, images: Pixels) -> Probabilities:
    """Probabilities, float32 n x K, for uint8 n x H x W x C.

    Raises DarkroomError if the model cannot run, or does not return a probability of each class for each image.
    """
    try:
        (probabilities,) = session.run([OUTPUT], {INPUT: images})
    except RUN_ERRORS as error:
        raise DarkroomError(f"onnxruntime cannot run the model: {first_line(error)}") from None
    rows, expected = np.asarray(probabilities), (len(images), session.get_outputs()[0].shape[-1])
    if rows.shape != expected or rows.dtype.kind != "f":
        raise DarkroomError(f"the model returned {rows.dtype} {rows.shape}; it should be float32 {expected}")
    if not (np.all(rows >= -TOLERANCE) and np.all(np.abs(rows.sum(axis=1, dtype=np.float64) - 1) <= TOLERANCE)):  # also for NaN
        raise DarkroomError("the model returned values that are not probabilities")
    return rows.astype(np.float32, copy=False)


def run_batches(session: onnxruntime.InferenceSession, batches: Iterable[Pixels]) -> Probabilities:
    """Probabilities, float32 N x K, for batches of uint8 n x H x W x C, in order. Raises DarkroomError as `run` does."""
    return np.concatenate([run(session, images) for images in batches])


def metadata(session: onnxruntime.InferenceSession, name: str) -> dict[str, str]:
    """The metadata of a model: text by key. Raises DarkroomError, naming the file, if it is not UTF-8."""
    try:
        texts: dict[str, str] = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise DarkroomError(f"{name}: damaged metadata: {error}") from None
    return texts
