"""A lean graph: constants computed, nothing that only copies, scales and shifts folded into weights; most of it by onnxsim."""

import onnx

from pipeline.deploy import folding
from pipeline.deploy.graph import Graph
from pipeline.errors import Refusal


def simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same function in fewer nodes. Raises Refusal where onnxsim cannot read the model."""
    import onnxsim

    try:
        result: onnx.ModelProto = onnxsim.simplify(model)[0]
    except (RuntimeError, ValueError) as error:
        raise Refusal(f"the converted model cannot be simplified: {error}") from None
    while fold_one(result):
        pass
    return result


def fold_one(model: onnx.ModelProto) -> bool:
    """Applies the first rule that fits; False where none does."""
    graph = Graph(model)
    outputs = {value.name for value in model.graph.output}
    nodes = [node for node in model.graph.node if not outputs & set(node.output)]
    return any(rule(graph, node) for node in nodes for rule in folding.RULES)
