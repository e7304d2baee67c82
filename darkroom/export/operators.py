"""Extends tf2onnx 1.17 for the layers of Keras: two missing operators, and two whose conversion its optimizer gets wrong.

A handler replaces one node of tf2onnx's graph. Handlers are passed to the converter, not registered globally.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Graph = Any  # tf2onnx.graph.Graph
Node = Any  # tf2onnx.graph.Node


def erfc(graph: Graph, node: Node, name: str, _: Sequence[str]) -> None:
    """Erfc(x) = 1 - Erf(x), as in the exact GELU."""
    _replace(graph, node, name, "Erf", lambda inner: (_constant(graph, f"{name}/one", 1), inner))


def expm1(graph: Graph, node: Node, name: str, _: Sequence[str]) -> None:
    """Expm1(x) = Exp(x) - 1, as in CELU."""
    _replace(graph, node, name, "Exp", lambda inner: (inner, _constant(graph, f"{name}/one", 1)))


def squared_difference(graph: Graph, node: Node, name: str, _: Sequence[str]) -> None:
    """SquaredDifference(x, y) = Pow(x - y, 2).

    tf2onnx multiplies the difference by itself. Its transpose optimizer then leaves that product with its old shape, and in a
    LayerNormalization of one-pixel images the variance is silently wrong.
    """
    (output,) = node.output
    output_type = _output_type(graph, output)
    operands = list(node.input)
    graph.remove_node(node.name)
    inner = graph.make_node("Sub", operands, name=f"{name}/Sub", **output_type).output[0]
    graph.make_node("Pow", [inner, _constant(graph, f"{name}/two", 2)], outputs=[output], name=name, **output_type)


def square(graph: Graph, node: Node, name: str, _: Sequence[str]) -> None:
    """Square(x) = Pow(x, 2), for the same reason as `squared_difference`."""
    (output,), (source,) = node.output, node.input
    output_type = _output_type(graph, output)
    graph.remove_node(node.name)
    graph.make_node("Pow", [source, _constant(graph, f"{name}/two", 2)], outputs=[output], name=name, **output_type)


HANDLERS: dict[str, tuple[Callable[..., None], list[str]]] = {
    "Erfc": (erfc, []),
    "Expm1": (expm1, []),
    "Square": (square, []),
    "SquaredDifference": (squared_difference, []),
}


def scalar_addends(graph: Graph, nodes: list[Node]) -> list[Node]:
    """Reshapes the scalar constants of additions to one dimension.

    After a convolution, a scalar makes tf2onnx's transpose optimizer give up and leave every Transpose in the graph.
    """
    for node in nodes:
        if node.type not in ("Add", "AddV2") or not node.inputs[1].is_const():
            continue
        if graph.get_rank(node.input[1]) == 0 and (graph.get_rank(node.input[0]) or 0) > 0:
            value = node.inputs[1].get_tensor_value(as_list=False)
            constant = graph.make_const(f"{node.name}/addend", value.reshape(1))
            graph.replace_input(node, node.input[1], constant.output[0], 1)
    return list(graph.get_nodes())


def _replace(graph: Graph, node: Node, name: str, operator: str, operands: Callable[[str], tuple[str, str]]) -> None:
    """Replaces `node` by `operator` and a subtraction, whose operands `operands` returns for the output of `operator`."""
    (output,), (source,) = node.output, node.input
    output_type = _output_type(graph, output)
    graph.remove_node(node.name)
    inner = graph.make_node(operator, [source], name=f"{name}/{operator}", **output_type).output[0]
    graph.make_node("Sub", list(operands(inner)), outputs=[output], name=name, **output_type)


def _output_type(graph: Graph, output: str) -> dict[str, list[Any]]:
    """The shape and dtype of an output, as arguments of `make_node`."""
    return {"shapes": [graph.get_shape(output)], "dtypes": [graph.get_dtype(output)]}


def _constant(graph: Graph, name: str, value: float) -> str:
    """Adds a float32 scalar; returns the name of its output."""
    return str(graph.make_const(name, np.array(value, np.float32)).output[0])
