"""One byte sequence for one network: nodes in a fixed order, names that count, nothing left of the converter's mood.

tf2onnx walks Python sets and numbers names with a process-wide counter, so its output depends on the hash seed. Here
the graph is walked from its output back to its input, and everything is renamed in the order of that walk, after the layer
that it comes from: `conv2d_1/Conv`, its weights `conv2d_1/Conv.weight`.
"""

import re
from collections import Counter

import onnx

from darkroom.core.errors import DarkroomError
from darkroom.inference import metadata
from darkroom.inference.metadata import Passport

MARK = "."  # ends the name of a layer in the names that come from TensorFlow
INSERTED = re.compile(r"__\d+$")
LAYOUT = ("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Cast")
ROLES = {
    (operator, place): role for operator in ("Conv", "ConvTranspose", "MatMul") for place, role in ((1, "weight"), (2, "bias"))
}


def canonical(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network, canonical. A node is called after its layer, a tensor after the node that makes it."""
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
    opset = [it for it in model.opset_import if it.domain == ""]
    made = onnx.helper.make_model(result, opset_imports=opset, producer_name="darkroom")
    made.ir_version = model.ir_version
    return made


def stamped(model: onnx.ModelProto, stamp: Passport) -> bytes:
    """The bytes of the file, with its passport, the same in every process. Raises DarkroomError where it is not valid ONNX."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.metadata_props[:]
    for key, value in metadata.to_metadata(stamp).items():
        copy.metadata_props.add(key=key, value=value)
    check(copy)
    return serialise(copy)


def serialise(model: onnx.ModelProto) -> bytes:
    """The bytes of a model, its maps in a fixed order."""
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def check(model: onnx.ModelProto) -> None:
    """Runs every check that the onnx package has. Raises DarkroomError with the first that fails."""
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        foreign = sorted({node.op_type for node in model.graph.node if not onnx.defs.has(node.op_type, node.domain)})
        told = f" (not ONNX operators: {', '.join(foreign)})" if foreign else ""
        raise DarkroomError(f"the converted model is not valid ONNX: {str(error).strip().splitlines()[0]}{told}") from None


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
    layers = _layers(nodes)
    seen: Counter[str] = Counter()
    for node, layer in zip(nodes, layers, strict=True):
        stem = f"{layer}/{node.op_type}".lstrip("/")
        title = f"{stem}_{seen[stem]}" if seen[stem] else stem
        seen[stem] += 1
        for place, name in enumerate(node.input):
            if name in constants:
                names.setdefault(name, f"{title}.{ROLES.get((node.op_type, place), f'input{place}')}")
        for place, name in enumerate(node.output):
            names.setdefault(name, f"{title}.output{place}" if place else title)
    return names


def _layers(nodes: list[onnx.NodeProto]) -> list[str]:
    """The layer of each node. What the converter put in (a Transpose, say) goes with the node that it was put in for."""
    users = {name: node for node in reversed(nodes) for name in node.input}
    found = []
    for node in nodes:
        user = users.get(node.output[0])
        inserted = node.op_type in LAYOUT and INSERTED.search(node.name)
        found.append(_layer(user if inserted and user else node))
    return found


def _layer(node: onnx.NodeProto) -> str:
    """The innermost layer in the names that the converter left: of the weights, if there are any, else of the node."""
    for name in [*node.input[1:2], node.name, *node.output]:
        marked = [part.split(MARK)[0] for part in name.split("/") if MARK in part]
        if marked:
            return str(marked[-1])
    return ""


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
    copy.name = copy.output[0]
    copy.attribute.extend(sorted(node.attribute, key=lambda attribute: attribute.name))
    return copy


def _named(tensor: onnx.TensorProto, name: str) -> onnx.TensorProto:
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy
