"""An ONNX graph indexed by producers, users and constants, for code that rewrites it."""

from collections import Counter

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Array = NDArray[np.float32]


class Graph:
    """An index of a model, which no change updates: build a new one after each."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.graph = model.graph
        self.producers = {name: node for node in self.graph.node for name in node.output}
        self.users = {name: node for node in self.graph.node for name in node.input}
        inputs = [name for node in self.graph.node for name in node.input]
        self.uses = Counter([*inputs, *(value.name for value in self.graph.output)])
        self.constants = {tensor.name: tensor for tensor in self.graph.initializer}

    def constant(self, name: str) -> Array:
        """The value of a constant."""
        return numpy_helper.to_array(self.constants[name])

    def operands(self, node: onnx.NodeProto) -> tuple[str, Array] | None:
        """The variable and the constant operand of a binary float32 node; None unless it has one of each."""
        constant = [self.constant(name) for name in node.input if name in self.constants]
        variable = [name for name in node.input if name not in self.constants]
        one_each = len(constant) == len(variable) == 1 and constant[0].dtype == np.float32
        return (variable[0], constant[0]) if one_each else None

    def sole_producer(self, name: str) -> onnx.NodeProto | None:
        """The node that produces a tensor, if the tensor is used exactly once."""
        return self.producers.get(name) if self.uses[name] == 1 else None

    def sole_user(self, name: str) -> onnx.NodeProto | None:
        """The node that uses a tensor, if the tensor is used exactly once."""
        return self.users.get(name) if self.uses[name] == 1 else None

    def set_constant(self, node: onnx.NodeProto, index: int, value: Array) -> None:
        """Sets input `index` of `node` to a constant of its own, named after the constant that it replaces."""
        stem = node.input[index] if index < len(node.input) else f"{node.input[1]}:bias"
        name = f"{node.output[0]}|{stem.split('|')[-1]}"
        for tensor in [tensor for tensor in self.graph.initializer if tensor.name == name]:
            self.graph.initializer.remove(tensor)
        self.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        if index < len(node.input):
            node.input[index] = name
        else:
            node.input.append(name)

    def drop(self, node: onnx.NodeProto, kept: str) -> None:
        """Removes a node whose work is done elsewhere; its users read its input `kept` instead."""
        self._redirect(node.output[0], kept)
        self.graph.node.remove(node)

    def hoist(self, node: onnx.NodeProto, above: onnx.NodeProto) -> None:
        """Moves `node` from directly after `above` to directly before it."""
        index = list(node.input).index(above.output[0])
        self._redirect(node.output[0], above.output[0])
        node.input[index], above.input[0] = above.input[0], node.output[0]
        nodes = list(self.graph.node)
        nodes.remove(node)
        nodes.insert(nodes.index(above), node)
        del self.graph.node[:]
        self.graph.node.extend(nodes)

    def _redirect(self, old: str, new: str) -> None:
        """Makes every user of `old` use `new`. Raises ValueError for an output of the graph, which must keep its name."""
        if any(value.name == old for value in self.graph.output):
            raise ValueError(f"{old} is an output of the graph")
        for node in self.graph.node:
            for index, name in enumerate(node.input):
                if name == old:
                    node.input[index] = new
