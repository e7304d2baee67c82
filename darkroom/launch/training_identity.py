"""The identity of a training: everything that determines its bytes. A checkpoint is used only by the training it belongs to."""

import platform
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from darkroom.core import dvc_files, fingerprint
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace

STAGE = "train"
INSTRUCTIONS = re.compile(r"\b(?:avx|amx|fma|sse4|sve|asimd|bf16)\w*")  # instruction sets that affect results
MODEL_NAME = re.compile(r"model name\s*: (.*)")
LIBRARIES = ("keras", "numpy", "albumentations", "opencv-python-headless")  # the backend's version is part of DEVICE
MACHINE = DEVICE, PROCESSOR = "device", "processor"


def of(model: str, params: Mapping[str, Any], workspace: Workspace) -> Dependencies:
    """The identity of the training of a model, except for the device; `params` are the values in params.yaml.

    That is the data and parameters that dvc.yaml declares, the code module by module, the libraries and the processor.
    """
    declared = dvc_files.declared((STAGE,), model, params, workspace)
    code = workspace.code(STAGE).relative_to(workspace.root).as_posix()
    data = {path: digest for path, digest in declared.deps.items() if path != code}
    machine = {PROCESSOR: processor(), "libraries": {name: metadata.version(name) for name in LIBRARIES}}
    return Dependencies({**data, **fingerprint.rows(STAGE, workspace.root)}, {**declared.params, **machine})


def on_device(identity: Dependencies, device: str) -> Dependencies:
    """An identity with the device added."""
    return replace(identity, params={**identity.params, DEVICE: device})


def processor() -> str:
    """The processor's name and the instruction sets that affect results, as far as the system reports them."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    return " ".join([platform.machine(), *MODEL_NAME.findall(text)[:1], *sorted(set(INSTRUCTIONS.findall(text)))])


def check_alike(first: Dependencies, own: Dependencies) -> None:
    """Raises DarkroomError if this process differs from the first one in data, parameters, code or libraries."""
    one, other = (
        replace(side, params={key: value for key, value in side.params.items() if key not in MACHINE}) for side in (first, own)
    )
    if line := next(dvc_files.differences(one, other, ("in the first process", "here")), None):
        raise DarkroomError(line)
