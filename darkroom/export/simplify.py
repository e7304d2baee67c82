"""Simplifies a graph: constants folded, no-ops removed, scales and shifts folded into weights. onnxsim does most of it."""

import onnx
import onnxsim

from darkroom.core.errors import DarkroomError
from darkroom.export import folding
from darkroom.export.graph import Graph


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same function in fewer nodes. Raises DarkroomError if onnxsim refuses the model."""
    try:
        result: onnx.ModelProto = onnxsim.simplify(model)[0]
    except (RuntimeError, ValueError) as error:
        raise DarkroomError(f"the converted model cannot be simplified: {error}") from None
    while fold_one(result):
        pass
    return result


def fold_one(model: onnx.ModelProto) -> bool:
    """Applies the first folding rule that matches, in place; False if none does."""
    graph = Graph(model)
    outputs = {value.name for value in model.graph.output}
    nodes = [node for node in model.graph.node if not outputs & set(node.output)]
    return any(rule(graph, node) for node in nodes for rule in folding.RULES)
