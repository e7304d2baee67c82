"""The canonical form of an ONNX model: the same network has the same bytes in every process.

tf2onnx iterates over Python sets and numbers names with a process-wide counter, so its output depends on the hash seed. Here
the graph is walked from its outputs back to its inputs, and everything is renamed in that order, after the layer it comes from:
`conv2d_1/Conv`, its weights `conv2d_1/Conv.weight`.
"""

import re
from collections import Counter

import onnx

from darkroom.core.errors import DarkroomError, first_line
from darkroom.inference.metadata import Metadata, to_texts

MARK = "."  # ends a layer's name in the names of TensorFlow's operations
INSERTED_NAME = re.compile(r"__\d+$")
INSERTED_OPERATORS = ("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Cast")
ROLES = {
    (operator, index): role for operator in ("Conv", "ConvTranspose", "MatMul") for index, role in ((1, "weight"), (2, "bias"))
}


def canonical(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network in canonical form. A node is named after its layer, a tensor after the node that produces it."""
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
    opset = [entry for entry in model.opset_import if entry.domain == ""]
    renamed = onnx.helper.make_model(result, opset_imports=opset, producer_name="darkroom")
    renamed.ir_version = model.ir_version
    return renamed


def with_metadata(model: onnx.ModelProto, metadata: Metadata) -> bytes:
    """The bytes of the model with `metadata` as its only metadata. Raises DarkroomError if it is not valid ONNX."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.metadata_props[:]
    for key, value in to_texts(metadata).items():
        copy.metadata_props.add(key=key, value=value)
    check(copy)
    return serialise(copy)


def serialise(model: onnx.ModelProto) -> bytes:
    """The bytes of a model, the same in every process."""
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def check(model: onnx.ModelProto) -> None:
    """Runs the checker and the shape inference of the onnx package. Raises DarkroomError with the first error."""
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        foreign = sorted({node.op_type for node in model.graph.node if not onnx.defs.has(node.op_type, node.domain)})
        hint = f" (not ONNX operators: {', '.join(foreign)})" if foreign else ""
        raise DarkroomError(f"the converted model is not valid ONNX: {first_line(error)}{hint}") from None


def _from_output(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes that the outputs depend on, each after its inputs: a depth-first walk from the outputs."""
    producers = {name: node for node in graph.node for name in node.output}
    ordered: dict[str, onnx.NodeProto] = {}
    pending = [producers[output.name] for output in reversed(graph.output)]
    while pending:
        node = pending[-1]
        inputs = [producers[name] for name in node.input if name in producers]
        waiting = [producer for producer in inputs if producer.output[0] not in ordered]
        if waiting:
            pending.extend(reversed(waiting))
        else:
            ordered.setdefault(node.output[0], pending.pop())
    return list(ordered.values())


def _names(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> dict[str, str]:
    """Maps old tensor names to new ones; the graph's own inputs and outputs keep theirs."""
    names = {value.name: value.name for value in [*graph.input, *graph.output]} | {"": ""}
    constants = {tensor.name for tensor in graph.initializer}
    layers = _layers(nodes)
    repeats: Counter[str] = Counter()
    for node, layer in zip(nodes, layers, strict=True):
        stem = f"{layer}/{node.op_type}".lstrip("/")
        title = f"{stem}_{repeats[stem]}" if repeats[stem] else stem
        repeats[stem] += 1
        for index, name in enumerate(node.input):
            if name in constants:
                names.setdefault(name, f"{title}.{ROLES.get((node.op_type, index), f'input{index}')}")
        for index, name in enumerate(node.output):
            names.setdefault(name, f"{title}.output{index}" if index else title)
    return names


def _layers(nodes: list[onnx.NodeProto]) -> list[str]:
    """The name of each node's layer. An inserted node, such as a Transpose, belongs to the layer that uses it."""
    users = {name: node for node in reversed(nodes) for name in node.input}
    layers = []
    for node in nodes:
        user = users.get(node.output[0])
        inserted = node.op_type in INSERTED_OPERATORS and INSERTED_NAME.search(node.name)
        layers.append(_layer(user if inserted and user else node))
    return layers


def _layer(node: onnx.NodeProto) -> str:
    """The innermost layer in the name of the node's weights; without one, in the names of the node and its outputs."""
    for name in [*node.input[1:2], node.name, *node.output]:
        marked = [part.split(MARK)[0] for part in name.split("/") if MARK in part]
        if marked:
            return str(marked[-1])
    return ""


def _free_batch(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    """The same input or output with every free dimension named N (tf2onnx numbers them)."""
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
    copy.name = copy.output[0]
    copy.attribute.extend(sorted(node.attribute, key=lambda attribute: attribute.name))
    return copy


def _named(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy
