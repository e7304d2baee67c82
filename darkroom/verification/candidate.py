"""Checks the inputs of verify: the metadata of the candidate, and the file with Keras's probabilities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkroom.config.schema import Params
from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.inference.metadata import Metadata


def check_metadata(metadata: Metadata, settings: Params, workspace: Workspace, model: str) -> None:
    """Raises DarkroomError if classes, image policy or transforms are not those of params.yaml and the data set."""
    expected: dict[str, Any] = {
        "classes": tuple(artifacts.read_json(workspace.classes)["classes"]),
        "image_policy": settings.image.policy,
        "transforms": tuple(call.plain() for call in settings.preprocess.transforms),
    }
    for key, value in expected.items():
        actual = getattr(metadata, key)
        if actual != value:
            raise DarkroomError(f"{workspace.candidate(model)}: its metadata has {key} {actual}, it should be {value}")


def reference(workspace: Workspace, model: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Keras's probabilities on validation, float32 of `shape`. Raises DarkroomError for a damaged file or another shape."""
    path = workspace.reference(model)
    try:
        probabilities: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DarkroomError(f"{path}: not a .npy file ({error}); run `dvc repro export@{model}`") from None
    if probabilities.shape != shape:
        raise DarkroomError(f"{path}: {probabilities.shape}, but onnxruntime gives {shape}; run `dvc repro export@{model}`")
    return probabilities
