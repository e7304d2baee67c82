"""ONNX without TensorFlow: canonical form, counts, passport, parity, the gate."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from darkroom.config.schema import Verify
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.export import canonical, flops
from darkroom.inference import metadata, session
from darkroom.verification import parity
from pipeline import verify
from tests.support.networks import STAMP, linear


def network(order: int = 1, prefix: str = "x", answer: str = "Softmax") -> onnx.ModelProto:
    """Cast, two branches of Flatten and MatMul, Add, Softmax; nodes and initializers in an order and by names of choice."""
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


def test_the_canonical_network_answers_alike() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 2, 2, 1), np.uint8)
    raw, tidy = (session.load(model.SerializeToString(), "m") for model in (network(), canonical.canonical(network())))
    assert np.array_equal(session.run(raw, images), session.run(tidy, images))


def test_multiply_adds_by_hand() -> None:
    assert flops.multiply_adds(network()) == 2 * 4 * 3
    weights = numpy_helper.from_array(np.zeros((8, 1, 3, 3), np.float32), "w")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 4, 10, 10])
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 8, 8, 8])
    grouped = helper.make_node("Conv", ["image", "w"], ["out"], group=4)
    model = helper.make_model(helper.make_graph([grouped], "g", [image], [output], [weights]))
    assert flops.multiply_adds(model) == (8 * 8 * 8) * (1 * 3 * 3)


def test_an_operator_that_onnx_does_not_know_is_refused() -> None:
    with pytest.raises(DarkroomError, match="the converted model is not valid ONNX: .*Erfc"):
        canonical.check(network(answer="Erfc"))


def test_a_passport_comes_back() -> None:
    assert metadata.from_metadata(metadata.to_metadata(STAMP), "m.onnx") == STAMP


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("darkroom", "9", r"m.onnx: not a model of this pipeline \(its metadata must have darkroom: 3, it has 9\)"),
        ("origin", "{", "m.onnx: damaged metadata: JSONDecodeError"),
        ("classes", '"abc"', "m.onnx: damaged metadata: TypeError classes 'abc'"),
        ("classes", "[1, 2]", r"m.onnx: damaged metadata: TypeError \[1, 2\]"),
        ("transforms", "[1]", r"m.onnx: damaged metadata: TypeError \[1\]"),
        ("unsure_below", '"0.5"', "m.onnx: damaged metadata: TypeError unsure_below '0.5'"),
        ("classes", "[", "m.onnx: damaged metadata: JSONDecodeError"),
        ("image_policy", '{"height": 2}', "m.onnx: damaged metadata: KeyError 'background'"),
        ("image_policy", '{"background": []}', "m.onnx: damaged metadata: TypeError"),
    ],
)
def test_a_damaged_passport_is_refused(key: str, value: str, line: str) -> None:
    with pytest.raises(DarkroomError, match=line):
        metadata.from_metadata({**metadata.to_metadata(STAMP), key: value}, "m.onnx")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("height", 0), ("width", 2.0), ("channels", True), ("channels", 2), ("shape", "bend"), ("interpolation", "none")),
        *(("background", [0, 0]), ("background", [0, 0, 256]), ("background", [0, 0, 0.5]), ("max_pixels", 0)),
    ],
)
def test_a_damaged_image_policy_is_refused(field: str, value: object) -> None:
    texts = metadata.to_metadata(STAMP)
    damaged = {**json.loads(texts["image_policy"]), field: value}
    with pytest.raises(DarkroomError, match="m.onnx: damaged metadata: ValueError image_policy"):
        metadata.from_metadata({**texts, "image_policy": json.dumps(damaged)}, "m.onnx")


KERAS = np.array([[0.7, 0.2, 0.1], [0.40001, 0.4, 0.19999], [0.1, 0.1, 0.8]], np.float32)


def test_equal_answers_have_no_difference() -> None:
    assert parity.compare(KERAS, KERAS, 1e-5) == parity.Parity(3, 0.0, 0, ())


def test_a_flip_counts_only_where_keras_was_sure() -> None:
    swapped = KERAS[:, [1, 0, 2]]
    assert parity.compare(swapped, KERAS, 1e-5).flips == (0,)
    assert parity.compare(swapped, KERAS, 1e-6).flips == (0, 1)
    assert parity.compare(swapped, KERAS, 1e-5).largest_difference == pytest.approx(0.5)


@pytest.mark.parametrize("damage", [np.nan, np.inf])
def test_no_number_is_no_agreement(damage: float) -> None:
    broken = KERAS.copy()
    broken[2, 0] = damage
    assert parity.compare(broken, KERAS, 1e-5).worst == 2
    assert parity.compare(broken, KERAS, 1e-5).largest_difference == np.inf


def test_the_gate_names_image_and_value() -> None:
    allowed = Verify(largest_difference=1e-5, flips=0, images=1, files=1)
    verify.judge(parity.compare(KERAS + np.float32(1e-6), KERAS, 1e-5), allowed, "cnn")
    with pytest.raises(
        DarkroomError, match=r"cnn: onnxruntime and Keras disagree on 1 images \(verify.flips: 0\): validation/000000"
    ):
        verify.judge(parity.compare(KERAS[:, [1, 0, 2]], KERAS, 1e-5), allowed, "cnn")
    with pytest.raises(
        DarkroomError,
        match=r"cnn: validation/000001: onnxruntime and Keras differ by 2\S* \(verify.largest_difference: 1e-05\)",
    ):
        verify.judge(parity.compare(KERAS + np.float32([[0], [2e-5], [0]]), KERAS, 1e-5), allowed, "cnn")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07"])
def test_what_is_not_onnx_is_refused(content: bytes) -> None:
    with pytest.raises(DarkroomError, match=r"m.onnx: not an ONNX model that onnxruntime can run"):
        session.load(content, "m.onnx")


def test_every_way_to_run_a_file_is_tried() -> None:
    policy = ImagePolicy(2, 2, 1, "pad", "area", (0, 0, 0), 10**8)
    model = linear(np.eye(4, 3), policy)
    images = np.random.default_rng(0).integers(0, 256, (9, 2, 2, 1), np.uint8)
    found = list(parity.ways(model.SerializeToString(), images, "m"))
    assert len({way for way, _ in found}) == 3 * 4 * 2
    assert {answers.shape for _, answers in found} == {(9, 3)}


def test_the_passport_is_in_the_file_and_replaces_an_older_one() -> None:
    content = canonical.stamped(network(), STAMP)
    again = onnx.load_from_string(canonical.stamped(onnx.load_from_string(content), STAMP))
    assert metadata.from_metadata({it.key: it.value for it in again.metadata_props}, "m.onnx") == STAMP
    assert len(again.metadata_props) == len(metadata.to_metadata(STAMP))
