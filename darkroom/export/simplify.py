"""Simplifies a graph: onnxsim folds constants and removes no-ops, then per-channel scales and shifts move into the weights of
the adjacent convolution or matrix product.

BatchNormalization then costs nothing, even after a Dense layer or max pooling, and nor does Rescaling. Each rule inspects one
node, changes the graph if the rule matches, and returns whether it did.
"""

import numpy as np
import onnx
import onnxsim

from darkroom.core.errors import DarkroomError, first_line
from darkroom.export.graph import Array, Graph

CHANNELS = {"Conv": 1, "ConvTranspose": 1, "MatMul": -1}  # the axis of an output's channels
BIASED = ("Conv", "ConvTranspose")
LAYOUT = ("Transpose", "Reshape", "Flatten")


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same function in fewer nodes. Raises DarkroomError if onnxsim refuses the model."""
    try:
        result: onnx.ModelProto = onnxsim.simplify(model)[0]
    except RuntimeError as error:
        raise DarkroomError(f"the converted model cannot be simplified: {first_line(error)}") from None
    while fold_one(result):
        pass
    return result


def fold_one(model: onnx.ModelProto) -> bool:
    """Applies the first rule that matches, in place; False if none does."""
    graph = Graph(model)
    outputs = {value.name for value in model.graph.output}
    nodes = [node for node in model.graph.node if not outputs & set(node.output)]
    return any(rule(graph, node) for node in nodes for rule in RULES)


def scale_after(graph: Graph, node: onnx.NodeProto) -> bool:
    """(x W) * s = x (W s), also with a shift in between: (x W + b) * s = x (W s) + b s."""
    operands, producer = _after(graph, node, "Mul")
    if operands is None or producer is None:
        return False
    shift = graph.operands(producer) if producer.op_type == "Add" else None
    linear = graph.sole_producer(shift[0]) if shift else producer
    scale = per_channel(graph, linear, operands[1])
    if linear is None or scale is None or (shift and per_channel(graph, linear, shift[1]) is None):
        return False
    weights = graph.constant(linear.input[1])
    graph.set_constant(linear, 1, weights * _along(scale, weights.ndim, 0 if linear.op_type == "Conv" else 1))
    if len(linear.input) == 3:
        graph.set_constant(linear, 2, graph.constant(linear.input[2]) * scale)
    if shift:
        graph.set_constant(producer, _constant_index(graph, producer), shift[1] * operands[1])
    graph.drop(node, operands[0])
    return True


def scale_before(graph: Graph, node: onnx.NodeProto) -> bool:
    """(x * s) W = x (s W) for a scalar s, also across a change of layout; zero padding is unaffected."""
    operands = graph.operands(node) if node.op_type == "Mul" else None
    if operands is None or operands[1].size != 1 or operands[1].ndim > 1:
        return False
    name = node.output[0]
    user = graph.sole_user(name)
    while user is not None and user.op_type in LAYOUT and user.input[0] == name:
        (name,) = user.output
        user = graph.sole_user(name)
    if user is None or user.op_type not in CHANNELS or user.input[0] != name or user.input[1] not in graph.constants:
        return False
    graph.set_constant(user, 1, graph.constant(user.input[1]) * operands[1].reshape(()))
    graph.drop(node, operands[0])
    return True


def shift_after(graph: Graph, node: onnx.NodeProto) -> bool:
    """A shift after a convolution becomes its bias; a shift after another shift is added to it."""
    operands, producer = _after(graph, node, "Add")
    if operands is None or producer is None:
        return False
    earlier = graph.operands(producer) if producer.op_type == "Add" else None
    shift = per_channel(graph, producer, operands[1]) if producer.op_type in BIASED else None
    if earlier and earlier[1].shape == operands[1].shape:
        graph.set_constant(producer, _constant_index(graph, producer), earlier[1] + operands[1])
    elif shift is not None:
        bias = graph.constant(producer.input[2]) if len(producer.input) == 3 else np.float32(0)
        graph.set_constant(producer, 2, bias + shift)
    else:
        return False
    graph.drop(node, operands[0])
    return True


def monotonic_before_pooling(graph: Graph, node: onnx.NodeProto) -> bool:
    """Moves an increasing function (positive scale, shift, ReLU) from after a max pooling to the convolution before it."""
    operands = graph.operands(node) if node.op_type in ("Mul", "Add") else None
    name = operands[0] if operands else node.input[0] if node.op_type == "Relu" else ""
    pool = graph.sole_producer(name)
    if pool is None or pool.op_type != "MaxPool" or len(pool.output) > 1:
        return False
    linear = graph.sole_producer(pool.input[0])
    if linear is None or linear.op_type not in BIASED:
        return False
    if operands and (per_channel(graph, linear, operands[1]) is None or (node.op_type == "Mul" and (operands[1] <= 0).any())):
        return False
    graph.hoist(node, pool)
    return True


RULES = (scale_after, shift_after, scale_before, monotonic_before_pooling)


def per_channel(graph: Graph, linear: onnx.NodeProto | None, constant: Array) -> Array | None:
    """`constant` as one value per output channel of `linear`; None if it does not broadcast that way."""
    if linear is None or linear.op_type not in CHANNELS or any(name not in graph.constants for name in linear.input[1:]):
        return None
    weights = graph.constants[linear.input[1]]
    rank = len(weights.dims)
    if linear.op_type == "MatMul" and (rank != 2 or constant.ndim > 1):
        return None
    if linear.op_type == "ConvTranspose" and _groups(linear) != 1:
        return None
    count = weights.dims[0 if linear.op_type == "Conv" else 1]
    across = np.ones(rank, int)
    across[CHANNELS[linear.op_type]] = count
    if constant.ndim > rank or constant.size not in (1, count):
        return None
    padded = constant.reshape((1,) * (rank - constant.ndim) + constant.shape)
    fits = constant.size == 1 or list(padded.shape) == list(across)
    return np.broadcast_to(padded, tuple(across)).reshape(count) if fits else None


def _after(graph: Graph, node: onnx.NodeProto, kind: str) -> tuple[tuple[str, Array] | None, onnx.NodeProto | None]:
    """The operands of a node of type `kind`, and the node whose output it alone uses; None where there is none."""
    operands = graph.operands(node) if node.op_type == kind else None
    return operands, graph.sole_producer(operands[0]) if operands else None


def _constant_index(graph: Graph, node: onnx.NodeProto) -> int:
    return 0 if node.input[0] in graph.constants else 1


def _groups(node: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)


def _along(values: Array, rank: int, axis: int) -> Array:
    shape = [1] * rank
    shape[axis] = len(values)
    return values.reshape(shape)
