"""What export records about an ONNX file: the metadata inside it, and the report beside it."""

import hashlib
from importlib.metadata import version
from typing import Any

import onnx

from darkroom.config.schema import Params
from darkroom.core import artifacts
from darkroom.core.workspace import Workspace
from darkroom.export import flops, provenance
from darkroom.inference.metadata import Metadata

LIBRARIES = ("keras", "onnx", "onnxruntime", "onnxsim", "tensorflow", "tf2onnx")


def metadata(
    name: str,
    model: onnx.ModelProto,
    parameters: int,
    temperature: float,
    unsure_below: float | None,
    settings: Params,
    workspace: Workspace,
) -> Metadata:
    """The metadata of the model that params.yaml calls `name`, with its provenance from the workspace as it is now.

    `parameters` is the number of weights of the Keras model; `temperature` and `unsure_below` come from its calibration.
    """
    data = artifacts.read_json(workspace.data_summary)
    return Metadata(
        model=name,
        classes=tuple(data["classes"]),
        image_policy=settings.image.policy,
        transforms=tuple(call.plain() for call in settings.preprocess.transforms),
        parameters=parameters,
        multiply_adds=flops.multiply_adds(model),
        precision="float32",
        opset=settings.export.opset,
        temperature=temperature,
        error_rate=settings.export.error_rate,
        unsure_below=unsure_below,
        data=data["title"],
        licence=data["licence"],
        versions={library: version(library) for library in LIBRARIES},
        origin=provenance.of_workspace(name, workspace),
    )


def report(content: bytes, metadata: Metadata) -> dict[str, Any]:
    """The report of export: SHA-256 and size of the file, the cost of the network, its calibration."""
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "opset": metadata.opset,
        "parameters": metadata.parameters,
        "multiply_adds": metadata.multiply_adds,
        "temperature": metadata.temperature,
        "unsure_below": metadata.unsure_below,
    }
