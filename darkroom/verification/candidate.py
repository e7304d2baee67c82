"""The inputs of verify: the metadata of the candidate, and the file of Keras's probabilities."""

from tokenize import TokenError
from typing import Any

import numpy as np

from darkroom.config.schema import Params
from darkroom.core import artifacts
from darkroom.core.arrays import Probabilities
from darkroom.core.errors import DarkroomError, first_line
from darkroom.core.workspace import Workspace
from darkroom.inference.metadata import Metadata

DAMAGED = (ValueError, TypeError, SyntaxError, TokenError)  # NumPy's, for a malformed header or missing values


def inference_fields(settings: Params, workspace: Workspace) -> dict[str, Any]:
    """The fields of the metadata that inference depends on, from params.yaml and the data set."""
    return {
        "classes": tuple(artifacts.read_json(workspace.classes)["classes"]),
        "image_policy": settings.image.policy,
        "transforms": tuple(call.plain() for call in settings.preprocess.transforms),
    }


def check_metadata(metadata: Metadata, settings: Params, workspace: Workspace, model: str) -> None:
    """Raises DarkroomError if classes, image policy or transforms differ from params.yaml and the data set."""
    for key, value in inference_fields(settings, workspace).items():
        actual = getattr(metadata, key)
        if actual != value:
            raise DarkroomError(f"{workspace.candidate(model)}: its metadata has {key} {actual}, but must have {value}")


def reference(workspace: Workspace, model: str, shape: tuple[int, ...]) -> Probabilities:
    """Keras's probabilities on validation, float32 of `shape`. Raises DarkroomError for a damaged file or another shape."""
    path = workspace.reference(model)
    with path.open("rb") as stream:
        try:
            probabilities = np.lib.format.read_array(stream)
        except DAMAGED as error:
            problem = f"not a .npy file ({first_line(error)})"
            raise DarkroomError(f"{path}: {problem}; run `dvc repro export@{model}`") from None
    if probabilities.dtype != np.float32 or probabilities.shape != shape:
        actual = f"{probabilities.dtype} {probabilities.shape}, but onnxruntime returns float32 {shape}"
        raise DarkroomError(f"{path}: {actual}; run `dvc repro export@{model}`")
    return probabilities
