"""Multiply-adds, counted by hand."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from darkroom.export import flops


def model(node: onnx.NodeProto, weights: tuple[int, ...], image: list[int | str], out: list[int | str]) -> onnx.ModelProto:
    """One node with weights of shape `weights`, from an input `image` to an output `out`."""
    inputs, outputs = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("image", image), ("out", out))
    )
    constants = [numpy_helper.from_array(np.zeros(weights, np.float32), "w")]
    return helper.make_model(helper.make_graph([node], "g", [inputs], [outputs], constants))


@pytest.mark.parametrize(
    ("node", "weights", "image", "out", "count"),
    [
        (helper.make_node("MatMul", ["image", "w"], ["out"]), (4, 3), ["n", 4], ["n", 3], 4 * 3),
        (
            helper.make_node("Conv", ["image", "w"], ["out"], group=4),
            *((8, 1, 3, 3), ["n", 4, 10, 10], ["n", 8, 8, 8], (8 * 8 * 8) * (1 * 3 * 3)),
        ),
    ],
    ids=["MatMul", "Conv in groups"],
)
def test_multiply_adds_by_hand(node, weights, image, out, count: int) -> None:
    assert flops.multiply_adds(model(node, weights, image, out)) == count
