"""The model summary, one row per layer: output shape, parameters, multiply-adds, receptive field.

It describes the network that Keras trains, in one pass; `darkroom.export.flops` counts the multiply-adds of the ONNX graph.
"""

import math
from collections.abc import Iterator
from typing import Any

import keras
import pandas as pd

COLUMNS = ["layer", "kind", "output", "parameters", "multiply_adds", "receptive_field"]
# The receptive field of a value along one side, and the distance to the next value (the jump), in pixels of the image.
Field = tuple[float, float]


def table(model: keras.Model) -> pd.DataFrame:
    """The rows of a functional model, in the order of computation, then the total.

    Multiply-adds are per image, in convolutions and dense layers. The receptive field is the length of a side in pixels, at
    most the image's: Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks" (2019), formula 2.
    """
    side = max(model.input_shape[1:3])
    fields: dict[str, Field] = {}
    rows = []
    for operation in model.operations:  # layers, and the bare operations between them in networks of keras.applications
        inputs = [fields[parent] for parent in _parents(operation) if parent in fields] or [(1.0, 1.0)]
        widest, farthest = max(field for field, _ in inputs), max(jump for _, jump in inputs)
        fields[operation.name] = _field_after(operation, widest, farthest, side)
        if hasattr(operation, "weights"):
            rows.append(_row(operation, min(math.ceil(fields[operation.name][0]), side)))
    layers = pd.DataFrame(rows, columns=COLUMNS)
    total = ["total", "", "", layers["parameters"].sum(), layers["multiply_adds"].sum(), layers["receptive_field"].max()]
    return pd.concat([layers, pd.DataFrame([total], columns=COLUMNS)], ignore_index=True)


def text(rows: pd.DataFrame) -> str:
    """The table as text for a terminal."""
    formatted = rows.assign(**{key: rows[key].map("{:,}".format) for key in COLUMNS[3:]})
    return formatted.rename(columns=lambda name: name.replace("_", " ")).to_string(index=False)


def _row(layer: keras.layers.Layer, field: int) -> list[Any]:
    shape = " x ".join(str(size) for size in layer.output.shape[1:])
    return [layer.name, type(layer).__name__, shape, layer.count_params(), _multiply_adds(layer), field]


def _parents(layer: Any) -> Iterator[str]:
    for node in layer._inbound_nodes:
        yield from (parent.operation.name for parent in node.parent_nodes)


def _multiply_adds(layer: keras.layers.Layer) -> int:
    """Positions of the kernel times its weights; the depthwise and pointwise halves of a separable layer are added."""
    kernels = [weight for weight in layer.weights if "kernel" in weight.name and len(weight.shape) > 1]
    if type(layer).__name__ == "Dense":
        positions, kernels = math.prod(layer.output.shape[1:-1]), kernels[:1]
    else:
        positions = math.prod((layer.input if "Transpose" in type(layer).__name__ else layer.output).shape[1:3])
    return int(positions * sum(math.prod(kernel.shape) for kernel in kernels))


def _field_after(layer: Any, field: float, jump: float, side: int) -> Field:
    """Receptive field and jump after a layer. A transposed convolution reads kernel / strides inputs for each output."""
    kind = type(layer).__name__
    if "Global" in kind or kind == "Flatten":
        return side, jump
    if kind in ("Resizing", "UpSampling2D"):
        return field, jump * max(layer.input.shape[1:3]) / max(layer.output.shape[1:3])
    size = max(getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None) or (1,))
    dilation, strides = max(getattr(layer, "dilation_rate", (1,))), max(getattr(layer, "strides", (1,)))
    if "Transpose" in kind:
        return field + (math.ceil(size / strides) - 1) * jump, jump / strides
    return field + (size - 1) * dilation * jump, jump * strides
