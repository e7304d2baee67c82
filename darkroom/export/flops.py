"""The cost of a model, counted on its ONNX graph, which is what runs.

`darkroom.training.model_summary` counts by Keras layer, before there is a graph. The totals agree, unless flip averaging runs
the network twice.
"""

from math import prod

import onnx


def multiply_adds(model: onnx.ModelProto) -> int:
    """Multiply-adds per image, in convolutions and matrix products (the rest is negligible).

    An output value of a convolution costs kernel height x kernel width x input channels / groups; one of a matrix product, the
    length of the shared dimension.
    """
    single = onnx.ModelProto()
    single.CopyFrom(model)
    for value in [*single.graph.input, *single.graph.output]:
        value.type.tensor_type.shape.dim[0].dim_value = 1
    graph = onnx.shape_inference.infer_shapes(single, strict_mode=True, data_prop=True).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        shapes[value.name] = tuple(dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim)
    return sum(_of_node(node, shapes) for node in graph.node)


def _of_node(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    if node.op_type == "Conv":  # weights: out, in / groups, height, width
        return prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type == "ConvTranspose":  # every input value is multiplied by every weight of its channel
        return prod(shapes[node.input[0]]) * prod(shapes[node.input[1]][1:])
    if node.op_type in ("MatMul", "Gemm"):
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        return prod(shapes[node.output[0]]) * shapes[node.input[0]][-2 if transposed else -1]
    return 0
