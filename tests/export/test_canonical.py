"""The canonical form: bytes independent of the converter's order and names, unchanged answers, the metadata in the file."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from darkroom.core.errors import DarkroomError
from darkroom.export import canonical, flops
from darkroom.inference import metadata, session
from tests.support.networks import METADATA


def network(order: int = 1, prefix: str = "x", answer: str = "Softmax") -> onnx.ModelProto:
    """Cast, Flatten, two branches of MatMul, Add, Softmax, with a choice of order and names of nodes and initializers."""
    weights = [numpy_helper.from_array(np.eye(4, 3, dtype=np.float32) * k, f"{prefix}_w{k}") for k in (1, 2)]
    nodes = [
        helper.make_node("Cast", ["image"], [f"{prefix}_c"], to=TensorProto.FLOAT, name=f"{prefix}/net._1/Cast"),
        helper.make_node("Flatten", [f"{prefix}_c"], [f"{prefix}_f"], axis=1),
        *(
            helper.make_node("MatMul", [f"{prefix}_f", f"{prefix}_w{k}"], [f"{prefix}_m{k}"], name=f"net._1/dense._{k}/MatMul")
            for k in (1, 2)[::order]
        ),
        helper.make_node("Add", [f"{prefix}_m1", f"{prefix}_m2"], [f"{prefix}_a"]),
        helper.make_node(answer, [f"{prefix}_a"], ["probabilities"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, [f"{prefix}_n", 2, 2, 1])
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [f"{prefix}_m", 3])
    graph = helper.make_graph(nodes, prefix, [image], [output], weights[::order])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def test_names_and_order_do_not_change_the_bytes() -> None:
    one, other = (canonical.serialise(canonical.canonical(network(order, prefix))) for order, prefix in ((1, "x"), (-1, "yy")))
    assert one == other
    graph = onnx.load_from_string(one).graph
    assert [node.op_type for node in graph.node] == ["Cast", "Flatten", "MatMul", "MatMul", "Add", "Softmax"]
    assert [node.name for node in graph.node] == [
        *("net/Cast", "Flatten", "dense/MatMul", "dense/MatMul_1", "Add", "probabilities"),
    ]
    assert [tensor.name for tensor in graph.initializer] == ["dense/MatMul.weight", "dense/MatMul_1.weight"]


def test_the_canonical_network_gives_the_same_answers() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 2, 2, 1), np.uint8)
    raw, tidy = (session.load(model.SerializeToString(), "m") for model in (network(), canonical.canonical(network())))
    assert np.array_equal(session.run(raw, images), session.run(tidy, images))


def test_the_canonical_network_costs_the_same() -> None:
    assert flops.multiply_adds(network()) == flops.multiply_adds(canonical.canonical(network())) == 2 * 4 * 3


def test_an_operator_that_onnx_does_not_know_is_refused() -> None:
    with pytest.raises(DarkroomError, match="the converted model is not valid ONNX: .*Erfc"):
        canonical.check(network(answer="Erfc"))


def test_the_metadata_is_in_the_file_and_replaces_older_metadata() -> None:
    content = canonical.with_metadata(network(), METADATA)
    again = onnx.load_from_string(canonical.with_metadata(onnx.load_from_string(content), METADATA))
    assert metadata.from_texts({entry.key: entry.value for entry in again.metadata_props}, "m.onnx") == METADATA
    assert len(again.metadata_props) == len(metadata.to_texts(METADATA))
