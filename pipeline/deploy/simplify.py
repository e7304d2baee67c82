"""A lean graph: constants computed, nothing that only copies, scales and shifts folded into the weights before them.

onnxsim does the general part. What stays is the arithmetic of a BatchNormalization behind a Dense layer (which tf2onnx leaves
as Mul and Add): each is folded into the convolution or matrix product whose output nothing else uses.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from pipeline.errors import Refusal

Array = NDArray[np.float32]
ADDS_TO = {"Conv": 1, "ConvTranspose": 1, "MatMul": -1}  # the axis of the output channels


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same function in fewer nodes. Raises Refusal where onnxsim cannot read the model."""
    import onnxsim

    try:
        result: onnx.ModelProto = onnxsim.simplify(model)[0]
    except (RuntimeError, ValueError) as error:
        raise Refusal(f"the converted model cannot be simplified: {str(error).strip().splitlines()[0]}") from None
    while fold_one(result):
        pass
    return result


def fold_one(model: onnx.ModelProto) -> bool:
    """Folds the first Mul or Add that can be; False where none is left."""
    graph = _Graph(model)
    return any(_fold_scale(graph, node) or _fold_shift(graph, node) for node in list(model.graph.node))


@dataclass
class _Graph:
    """A model with its makers, users and constants at hand."""

    model: onnx.ModelProto

    def __post_init__(self) -> None:
        graph = self.model.graph
        self.makers = {name: node for node in graph.node for name in node.output}
        self.users: dict[str, int] = {}
        for name in [name for node in graph.node for name in node.input] + [value.name for value in graph.output]:
            self.users[name] = self.users.get(name, 0) + 1
        self.constants = {tensor.name: tensor for tensor in graph.initializer}

    def operands(self, node: onnx.NodeProto) -> tuple[str, Array] | None:
        """The variable and the constant operand of a binary node, where it has one of each."""
        names = list(node.input)
        constant = [name for name in names if name in self.constants]
        if len(names) != 2 or len(constant) != 1:
            return None
        (variable,) = (name for name in names if name not in self.constants)
        return variable, numpy_helper.to_array(self.constants[constant[0]])

    def sole_maker(self, name: str) -> onnx.NodeProto | None:
        """The node that makes a tensor which is used once."""
        return self.makers.get(name) if self.users.get(name) == 1 else None

    def set_constant(self, node: onnx.NodeProto, place: int, value: Array) -> None:
        """Gives `node` a constant of its own at an input, called after the one that it stands for."""
        stem = node.input[place] if place < len(node.input) else f"{node.input[1]}:bias"
        name = f"{node.output[0]}|{stem.split('|')[-1]}"
        for tensor in [tensor for tensor in self.model.graph.initializer if tensor.name == name]:
            self.model.graph.initializer.remove(tensor)
        self.model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        if place < len(node.input):
            node.input[place] = name
        else:
            node.input.append(name)

    def drop(self, node: onnx.NodeProto, instead: str) -> None:
        """Removes `node`; what read its output reads `instead`, whose maker takes the output's name."""
        maker = self.makers[instead]
        maker.output[list(maker.output).index(instead)] = node.output[0]
        self.model.graph.node.remove(node)


def _fold_scale(graph: _Graph, node: onnx.NodeProto) -> bool:
    """x W * s is x (W s), also with a shift between: (x W + b) * s is x (W s) + b s."""
    found = graph.operands(node) if node.op_type == "Mul" else None
    maker = graph.sole_maker(found[0]) if found else None
    if found is None or maker is None:
        return False
    shift = graph.operands(maker) if maker.op_type == "Add" else None
    linear = graph.sole_maker(shift[0]) if shift else maker
    scale = _channels(graph, linear, found[1])
    if linear is None or scale is None or (shift and _channels(graph, linear, shift[1]) is None):
        return False
    weights = numpy_helper.to_array(graph.constants[linear.input[1]])
    graph.set_constant(linear, 1, weights * _along(scale, weights.ndim, _weight_axis(linear)))
    if len(linear.input) == 3:
        graph.set_constant(linear, 2, numpy_helper.to_array(graph.constants[linear.input[2]]) * scale)
    if shift:
        place = 0 if maker.input[0] in graph.constants else 1
        graph.set_constant(maker, place, shift[1] * found[1])
    graph.drop(node, found[0])
    return True


def _fold_shift(graph: _Graph, node: onnx.NodeProto) -> bool:
    """A shift behind a convolution is its bias; one behind another shift joins it."""
    found = graph.operands(node) if node.op_type == "Add" else None
    maker = graph.sole_maker(found[0]) if found else None
    if found is None or maker is None:
        return False
    earlier = graph.operands(maker) if maker.op_type == "Add" else None
    shift = _channels(graph, maker, found[1]) if maker.op_type in ("Conv", "ConvTranspose") else None
    if earlier and earlier[1].shape == found[1].shape:
        graph.set_constant(maker, 0 if maker.input[0] in graph.constants else 1, earlier[1] + found[1])
    elif shift is not None:
        bias = numpy_helper.to_array(graph.constants[maker.input[2]]) if len(maker.input) == 3 else np.float32(0)
        graph.set_constant(maker, 2, bias + shift)
    else:
        return False
    graph.drop(node, found[0])
    return True


def _channels(graph: _Graph, linear: onnx.NodeProto | None, constant: Array) -> Array | None:
    """`constant` as one value an output channel of `linear`; None where it is not of that kind."""
    if linear is None or linear.op_type not in ADDS_TO or any(name not in graph.constants for name in linear.input[1:]):
        return None
    weights = graph.constants[linear.input[1]]
    rank = len(weights.dims)
    if (linear.op_type == "MatMul" and rank != 2) or (linear.op_type == "ConvTranspose" and _groups(linear) != 1):
        return None
    count = weights.dims[_weight_axis(linear)]
    across = np.ones(rank, int)
    across[ADDS_TO[linear.op_type]] = count
    if constant.ndim > rank or constant.size not in (1, count):
        return None
    padded = constant.reshape((1,) * (rank - constant.ndim) + constant.shape)
    fits = constant.size == 1 or list(padded.shape) == list(across)
    return np.broadcast_to(padded, tuple(across)).reshape(count) if fits else None


def _weight_axis(linear: onnx.NodeProto) -> int:
    return 0 if linear.op_type == "Conv" else 1


def _groups(node: onnx.NodeProto) -> int:
    return next((it.i for it in node.attribute if it.name == "group"), 1)


def _along(values: Array, rank: int, axis: int) -> Array:
    shape = [1] * rank
    shape[axis] = len(values)
    return values.reshape(shape)
