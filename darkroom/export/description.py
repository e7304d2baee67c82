"""What export records about an ONNX file: the metadata inside it, and the report beside it."""

from importlib.metadata import version
from typing import Any

import onnx

from darkroom.config.schema import Params
from darkroom.core import artifacts, digests
from darkroom.core.workspace import Workspace
from darkroom.export import flops, provenance
from darkroom.inference.metadata import Metadata
from darkroom.verification import candidate

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
    """The metadata of the model `name` of params.yaml, with its provenance in the workspace as it is now.

    `parameters` is the number of weights of the Keras model; `temperature` and `unsure_below` come from its calibration.
    """
    data = artifacts.read_json(workspace.data_summary)
    return Metadata(
        **candidate.inference_fields(settings, workspace),
        model=name,
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
        origin=provenance.of_workspace(name, settings.values, workspace),
    )


def report(content: bytes, metadata: Metadata) -> dict[str, Any]:
    """The report of export: SHA-256 and size of the file, cost and calibration of the network."""
    return {
        "sha256": digests.sha256(content),
        "bytes": len(content),
        "opset": metadata.opset,
        "parameters": metadata.parameters,
        "multiply_adds": metadata.multiply_adds,
        "temperature": metadata.temperature,
        "unsure_below": metadata.unsure_below,
    }
