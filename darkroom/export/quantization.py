"""Smaller forms of an ONNX model: int8 by onnxruntime's static quantization, float16 by its converter.

int8 weights use 7 of their 8 bits (`reduce_range`). With 8, sums can overflow 16 bits on an AVX2 processor, and the same file
would give different probabilities on different machines (onnxruntime's documentation, "Quantize ONNX models", section on U8S8).
"""

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
from onnxruntime.transformers.float16 import convert_float_to_float16

from darkroom.core.arrays import Pixels, batches
from darkroom.inference import session

QUANTIZED = ("Conv", "MatMul", "MaxPool", "Relu")
WEIGHTED = ("Conv", "MatMul")


@dataclass(frozen=True)
class Form:
    """One way to quantize to int8: weights with a scale per tensor or per output channel, the nodes `left_out` in float32."""

    name: str
    per_channel: bool
    left_out: tuple[str, ...] = ()


FORMS = (Form("per tensor", False), Form("per channel", True))


def int8(model: onnx.ModelProto, images: Pixels, form: Form, only: str | None = None) -> onnx.ModelProto:
    """`model` with uint8 activations and int8 weights. The ranges of activations are measured on `images` (N x H x W x C).

    With `only`, just the node of that name is quantized.
    """
    with tempfile.TemporaryDirectory(prefix="darkroom-") as folder, _quiet():
        source, target = Path(folder) / "model.onnx", Path(folder) / "model.int8.onnx"
        source.write_bytes(model.SerializeToString())
        quantize_static(
            source,
            target,
            _Reader(images),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=form.per_channel,
            reduce_range=True,
            op_types_to_quantize=list(QUANTIZED),
            nodes_to_exclude=list(form.left_out),
            nodes_to_quantize=[only] if only else [],
        )
        return onnx.load(target)


def float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with weights and arithmetic in float16; the types of input and output stay."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    with _quiet():
        converted: onnx.ModelProto = convert_float_to_float16(copy, keep_io_types=True, disable_shape_infer=False)
    return converted


def sensitive(model: onnx.ModelProto, images: Pixels) -> list[str]:
    """Names of nodes with weights, in descending mean change of the output on `images` when only that node is quantized."""
    runner = session.load(model.SerializeToString(), "model")
    exact = session.run_batches(runner, batches(images))
    changes = {}
    for node in model.graph.node:
        if node.op_type in WEIGHTED:
            alone = int8(model, images, Form("alone", True), node.name)
            answers = session.run_batches(session.load(alone.SerializeToString(), "model"), batches(images))
            changes[node.name] = float(np.abs(answers - exact).mean())
    return sorted(changes, key=lambda name: (-changes[name], name))


class _Reader:
    """A data reader for onnxruntime's calibration: one batch at a time."""

    def __init__(self, images: Pixels) -> None:
        self.batches = batches(images)

    def get_next(self) -> dict[str, Pixels] | None:
        """The next batch; None at the end."""
        batch = next(self.batches, None)
        return None if batch is None else {session.INPUT: batch}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences the libraries' advice to pre-process the model: `simplify` has done so."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
