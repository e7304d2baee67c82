"""Augmentation: the steps of each model, and their effect on one training image."""

import json
from collections.abc import Mapping
from typing import Any

from darkroom.config.schema import Params
from darkroom.core.workspace import Workspace
from darkroom.data.images import opencv


def content(workspace: Workspace, settings: Params) -> dict[str, Any]:
    """The steps of each model's augmentation, as pairs of texts (name, arguments), and the preview as a data URL."""
    return {"augmented": {name: _model(workspace, settings, name) for name in settings.models}}


def text(arguments: Mapping[str, Any]) -> str:
    """The arguments of a transform, as written in params.yaml: `p: 0.5, rotate: [-20, 20]`."""
    return ", ".join(f"{key}: {json.dumps(value)}" for key, value in arguments.items())


def _model(workspace: Workspace, settings: Params, name: str) -> dict[str, Any]:
    calls = [call.plain() for call in settings.models[name].augment]
    steps = [(step, text(arguments)) for call in calls for step, arguments in call.items()]
    return {"steps": steps, "preview": opencv.data_url(workspace.augmented(name).read_bytes())}
