"""ONNX files built by hand, for tests of everything after export, without TensorFlow."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from darkroom.core import artifacts
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.workspace import Workspace
from darkroom.export import canonical
from darkroom.inference import session
from darkroom.inference.metadata import Metadata

METADATA = Metadata(
    model="tiny",
    classes=("a", "b", "ü"),
    image_policy=ImagePolicy(2, 2, 1, "pad", "area", (0, 0, 0), 10**8),
    transforms=({"CLAHE": {"p": 1}},),
    parameters=12,
    multiply_adds=34,
    precision="float32",
    opset=18,
    temperature=1.25,
    error_rate=0.02,
    unsure_below=0.8,
    data="Test",
    licence="MIT",
    versions={"keras": "3"},
    origin={"deps": {"requirements.txt": "0"}, "params": {"seed": 0}},
)


def plain(policy: ImagePolicy, classes: tuple[str, ...], unsure_below: float | None = None) -> Metadata:
    """The metadata of a model with this policy and these classes, without transforms."""
    return replace(METADATA, image_policy=policy, classes=classes, transforms=(), unsure_below=unsure_below)


def linear(weights: np.ndarray, policy: ImagePolicy, scale: float = 1 / 255) -> onnx.ModelProto:
    """softmax(image * scale, flattened, times weights): the smallest network that looks at every value. Weights: H W C x K."""
    nodes = [
        helper.make_node("Cast", ["image"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["cast", "scale"], ["scaled"]),
        helper.make_node("Flatten", ["scaled"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"], name="logits"),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    constants = {"scale": np.array(scale, np.float32), "weights": weights.astype(np.float32)}
    shape = ["N", policy.height, policy.width, policy.channels]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", weights.shape[1]])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def with_a_sensitive_layer() -> onnx.ModelProto:
    """For images of 8 x 8 x 1: a matrix product `harmless`, which quantizes without loss, then one called `sensitive`.

    One row of the weights of `sensitive` is so large that the others round to zero.
    """
    weights = np.random.default_rng(0).normal(0, 1, (64, 10))
    weights[0] = 300.0
    model = linear(weights, ImagePolicy(8, 8, 1, "stretch", "area", (0, 0, 0), 10**8))
    model.graph.initializer.append(numpy_helper.from_array(np.eye(64, dtype=np.float32), "identity"))
    product = next(node for node in model.graph.node if node.op_type == "MatMul")
    product.input[0], product.name = "between", "sensitive"
    model.graph.node.insert(3, helper.make_node("MatMul", ["flat", "identity"], ["between"], name="harmless"))
    return model


def answers(model: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    """The probabilities from onnxruntime for uint8 N x H x W x C."""
    return session.run(session.load(model.SerializeToString(), "m"), images)


def write_candidate(content: bytes, workspace: Workspace, name: str = "tiny") -> None:
    """Writes an ONNX file and its report as export does."""
    artifacts.write_bytes(workspace.candidate(name), content)
    facts = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "parameters": 1, "multiply_adds": 1}
    artifacts.write_json(workspace.candidate_report(name, "export"), facts)


def save(model: onnx.ModelProto, metadata: Metadata, path: Path) -> Path:
    """Writes a model with its metadata to `path`."""
    artifacts.write_bytes(path, canonical.with_metadata(model, metadata))
    return path
