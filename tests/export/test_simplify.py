"""Scales and shifts folded into adjacent weights: the graph that results, and its unchanged answers."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from darkroom.core.errors import DarkroomError
from darkroom.export import simplify
from darkroom.export.graph import Graph
from darkroom.inference import session

DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 256, (5, 6, 6, 2), np.uint8)

Step = tuple[str, dict[str, object], list[np.ndarray]]


def conv(inputs: int, outputs: int, bias: bool = False, group: int = 1) -> Step:
    weights = [DRAW.normal(0, 0.1, (outputs, inputs // group, 3, 3))]
    return ("Conv", {"group": group}, [*weights, *([DRAW.normal(0, 0.1, outputs)] if bias else [])])


def transposed(inputs: int, outputs: int) -> Step:
    return ("ConvTranspose", {}, [DRAW.normal(0, 0.1, (inputs, outputs, 3, 3))])


def values(*shape: int) -> list[np.ndarray]:
    return [DRAW.uniform(0.5, 1.5, shape)]


FLATTEN: Step = ("Flatten", {"axis": 1}, [])
POOL: Step = ("MaxPool", {"kernel_shape": [2, 2], "pads": [1, 1, 0, 0]}, [])
GRAPHS: dict[str, tuple[list[Step], list[str]]] = {
    "BatchNormalization after a convolution": (
        [conv(2, 4), ("Mul", {}, values(1, 4, 1, 1)), ("Add", {}, values(4, 1, 1)), FLATTEN],
        ["Conv", "Flatten"],
    ),
    "with a bias, in groups": (
        [conv(2, 4, True, 2), ("Mul", {}, values(1, 4, 1, 1)), ("Relu", {}, []), FLATTEN],
        ["Conv", "Relu", "Flatten"],
    ),
    "after a transposed convolution": (
        [transposed(2, 4), ("Mul", {}, values(1, 4, 1, 1)), ("Add", {}, values(1, 4, 1, 1)), FLATTEN],
        ["ConvTranspose", "Flatten"],
    ),
    "a scalar": ([conv(2, 3), ("Mul", {}, values()), FLATTEN], ["Conv", "Flatten"]),
    "after a Dense layer with a bias": (
        [
            FLATTEN,
            ("MatMul", {}, [DRAW.normal(0, 1e-3, (72, 5))]),
            ("Add", {}, values(5)),
            ("Mul", {}, values(5)),
            ("Add", {}, values(5)),
        ],
        ["Flatten", "MatMul", "Add"],
    ),
    "after a pooling, and before an activation": (
        [conv(2, 4), POOL, ("Mul", {}, values(1, 4, 1, 1)), ("Add", {}, values(1, 4, 1, 1)), ("Relu", {}, []), FLATTEN],
        ["Conv", "Relu", "MaxPool", "Flatten"],
    ),
    "a negative scale after a pooling stays": (
        [conv(2, 4), POOL, ("Mul", {}, [np.array([1.0, -1, 2, 3]).reshape(1, 4, 1, 1)]), FLATTEN],
        ["Conv", "MaxPool", "Mul", "Flatten"],
    ),
    "before a convolution": (
        [("Mul", {}, [np.array(1 / 25)]), conv(2, 4), FLATTEN],
        ["Conv", "Flatten"],
    ),
    "before a Dense layer": (
        [("Mul", {}, [np.array(1 / 255)]), FLATTEN, ("MatMul", {}, [DRAW.normal(0, 1, (72, 5))])],
        ["Flatten", "MatMul"],
    ),
    "one value per column is not one per channel": (
        [conv(2, 4), ("Mul", {}, values(4)), FLATTEN],
        ["Conv", "Mul", "Flatten"],
    ),
    "not across an activation": (
        [conv(2, 4), ("Relu", {}, []), ("Mul", {}, values(1, 4, 1, 1)), FLATTEN],
        ["Conv", "Relu", "Mul", "Flatten"],
    ),
}


def model(steps: list[Step]) -> onnx.ModelProto:
    """Cast, Transpose to N x C x H x W, the steps in a row, Softmax."""
    nodes = [
        helper.make_node("Cast", ["image"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["cast"], ["x0"], perm=[0, 3, 1, 2]),
    ]
    constants = []
    for index, (operator, attributes, arrays) in enumerate(steps):
        names = [f"c{index}_{number}" for number in range(len(arrays))]
        constants += [numpy_helper.from_array(np.float32(array), name) for array, name in zip(arrays, names, strict=True)]
        nodes.append(helper.make_node(operator, [f"x{index}", *names], [f"x{index + 1}"], **attributes))
    nodes.append(helper.make_node("Softmax", [f"x{len(steps)}"], ["probabilities"]))
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 6, 6, 2])
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", "K"])
    graph = helper.make_graph(nodes, "g", [image], [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(built: onnx.ModelProto) -> np.ndarray:
    return session.run(session.load(built.SerializeToString(), "m"), IMAGES)


@pytest.mark.parametrize("name", GRAPHS)
def test_folding_keeps_the_answers(name: str) -> None:
    steps, expected = GRAPHS[name]
    built = model(steps)
    folded = simplify.simplified(built)
    assert [node.op_type for node in folded.graph.node] == ["Cast", "Transpose", *expected, "Softmax"]
    assert np.allclose(run(folded), run(built), atol=1e-5)
    assert run(built).std(axis=0).max() > 0.01


def test_integer_constants_are_no_operands() -> None:
    """The constants of a size that is computed in the graph must stay int64."""
    add = helper.make_node("Add", ["n", "one"], ["m"])
    size = helper.make_tensor_value_info("n", TensorProto.INT64, [1])
    constants = [
        numpy_helper.from_array(np.array([1], dtype), name) for dtype, name in ((np.int64, "one"), (np.float32, "two"))
    ]
    graph = Graph(helper.make_model(helper.make_graph([add], "g", [size], [], constants)))
    assert graph.operands(add) is None
    add.input[1] = "two"
    assert graph.operands(add) == ("n", np.array([1], np.float32))


def test_a_tensor_that_is_used_twice_is_not_folded() -> None:
    built = model([conv(2, 4), ("Mul", {}, values(1, 4, 1, 1)), FLATTEN])
    flat = next(node for node in built.graph.node if node.op_type == "Flatten")
    built.graph.node.insert(4, helper.make_node("Add", ["x1", "x2"], ["sum"]))
    flat.input[0] = "sum"
    folded = simplify.simplified(built)
    assert "Mul" in [node.op_type for node in folded.graph.node]
    assert np.allclose(run(folded), run(built), atol=1e-5)


def test_a_graph_that_onnxsim_refuses_is_one_line() -> None:
    built = model([FLATTEN])
    built.graph.node[-1].input[0] = "missing"
    with pytest.raises(DarkroomError, match=r"^the converted model cannot be simplified: .*'missing'[^\n]*$"):
        simplify.simplified(built)


@pytest.mark.parametrize("error", [RuntimeError, ValueError])
def test_an_error_in_a_rule_keeps_its_traceback(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise error("a bug of ours")

    monkeypatch.setattr(simplify, "RULES", (broken,))
    with pytest.raises(error, match="a bug of ours"):
        simplify.simplified(model([FLATTEN]))
