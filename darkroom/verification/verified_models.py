"""The files that passed their gates: whoever uses one first makes sure that it is still the same."""

import hashlib

from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError


def content(model: str) -> bytes:
    """The bytes of the ONNX file. Raises DarkroomError unless they are the ones that verify passed."""
    found = paths.onnx(model).read_bytes()
    if hashlib.sha256(found).hexdigest() != artifacts.read_json(paths.verdict(model))["sha256"]:
        raise DarkroomError(f"{paths.onnx(model)}: not the file that verify passed; run `dvc repro verify@{model}`")
    return found


def compact(model: str) -> dict[str, bytes]:
    """The bytes of the smaller files by precision. Raises DarkroomError unless they are the ones that quantize kept."""
    found = {}
    for precision, told in artifacts.read_json(paths.quantized(model)).items():
        if told.get("kept"):
            path = paths.compact(model) / f"model.{precision}.onnx"
            found[precision] = path.read_bytes()
            if hashlib.sha256(found[precision]).hexdigest() != told["sha256"]:
                raise DarkroomError(f"{path}: not the file that quantize kept; run `dvc repro quantize@{model}`")
    return found
