"""ONNX files made by hand, for tests of everything behind export: no TensorFlow."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from darkroom.core import artifacts, paths
from darkroom.core.image_policy import ImagePolicy
from darkroom.export import canonical
from darkroom.inference import session
from darkroom.inference.metadata import Passport

STAMP = Passport(
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


def plain(policy: ImagePolicy, classes: tuple[str, ...], unsure_below: float | None = None) -> Passport:
    """A passport for a model of that policy and those classes, without transforms."""
    return replace(STAMP, image_policy=policy, classes=classes, transforms=(), unsure_below=unsure_below)


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


def answers(model: onnx.ModelProto, images: np.ndarray) -> np.ndarray:
    """What onnxruntime makes of uint8 N x H x W x C."""
    return session.run(session.load(model.SerializeToString(), "m"), images)


def ship(content: bytes, name: str = "tiny") -> None:
    """Writes an ONNX file and what export says of it, in the working folder."""
    artifacts.write_bytes(paths.onnx(name), content)
    facts = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "parameters": 1, "multiply_adds": 1}
    artifacts.write_json(paths.exported(name), facts)


def save(model: onnx.ModelProto, stamp: Passport, path: Path) -> Path:
    """Writes a stamped model to a path of its own."""
    artifacts.write_bytes(path, canonical.stamped(model, stamp))
    return path
