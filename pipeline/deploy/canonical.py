"""One byte sequence for one network: nodes in a fixed order, names that count, nothing left of the converter's mood.

tf2onnx walks Python sets and numbers names with a process-wide counter, so its output depends on the hash seed. Here
the graph is walked from its output back to its input, and everything is renamed in the order of that walk.
"""

from collections import Counter

import onnx


def canonical(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network, canonical. Nodes are called `Conv_0`, tensors after the node that makes them."""
    graph = model.graph
    nodes = _from_output(graph)
    names = _names(graph, nodes)
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    used = [name for node in nodes for name in node.input if name in tensors]
    result = onnx.helper.make_graph(
        [_renamed(node, names) for node in nodes],
        "darkroom",
        [_free_batch(value) for value in graph.input],
        [_free_batch(value) for value in graph.output],
        [_named(tensors[name], names[name]) for name in dict.fromkeys(used)],
    )
    opsets = sorted((it for it in model.opset_import if it.domain == ""), key=lambda it: it.domain)
    made = onnx.helper.make_model(result, opset_imports=opsets, producer_name="darkroom")
    made.ir_version = model.ir_version
    return made


def serialise(model: onnx.ModelProto) -> bytes:
    """The bytes of the file, the same in every process."""
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _from_output(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes that the outputs need, each behind its inputs, depth first from the outputs."""
    makers = {name: node for node in graph.node for name in node.output}
    ordered: dict[str, onnx.NodeProto] = {}
    pending = [makers[output.name] for output in reversed(graph.output)]
    while pending:
        node = pending[-1]
        waiting = [makers[name] for name in node.input if name in makers and makers[name].output[0] not in ordered]
        if waiting:
            pending.extend(reversed(waiting))
        else:
            ordered.setdefault(node.output[0], pending.pop())
    return list(ordered.values())


def _names(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> dict[str, str]:
    """Old tensor names to new ones; the graph's own inputs and outputs keep theirs."""
    names = {value.name: value.name for value in [*graph.input, *graph.output]} | {"": ""}
    constants = {tensor.name for tensor in graph.initializer}
    seen: Counter[str] = Counter()
    for node in nodes:
        title = f"{node.op_type}_{seen[node.op_type]}"
        seen[node.op_type] += 1
        for place, name in enumerate(node.input):
            if name in constants:
                names.setdefault(name, f"{title}.input{place}")
        for place, name in enumerate(node.output):
            names.setdefault(name, f"{title}.output{place}" if place else title)
    return names


def _free_batch(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    """The same input or output, every free dimension called N (tf2onnx numbers them)."""
    copy = onnx.ValueInfoProto()
    copy.CopyFrom(value)
    for dimension in copy.type.tensor_type.shape.dim:
        if not dimension.HasField("dim_value"):
            dimension.dim_param = "N"
    return copy


def _renamed(node: onnx.NodeProto, names: dict[str, str]) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.op_type, copy.domain = node.op_type, node.domain
    copy.input.extend(names[name] for name in node.input)
    copy.output.extend(names[name] for name in node.output)
    copy.name = f"{node.op_type}:{copy.output[0]}"
    copy.attribute.extend(sorted(node.attribute, key=lambda attribute: attribute.name))
    return copy


def _named(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy
