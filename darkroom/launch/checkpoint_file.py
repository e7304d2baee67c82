"""The checkpoint file of a training: a `.npz` file, written atomically, with the arrays and, as JSON, everything else.

DVC does not manage the file, so that a rerun finds it. It records the data, parameters, code and device that it belongs to, so
that no other run uses it.
"""

import io
import json
import platform
import re
import zipfile
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from darkroom.core import artifacts, dvc_files, fingerprint
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace

STAGE = "train"
SIDES = ("then", "now")
INSTRUCTIONS = re.compile(r"\b(?:avx|amx|fma|sse4|sve|asimd|bf16)\w*")  # sets that change a processor's arithmetic
MODEL_NAME = re.compile(r"model name\s*: (.*)")
LIBRARIES = ("keras", "numpy", "albumentations", "opencv-python-headless")  # the backend's version is in the name of the device
MACHINE = DEVICE, PROCESSOR = "device", "processor"
ARRAY = "array"
HEAD = "head"

Plain = dict[str, Any]


@dataclass(frozen=True)
class TrainingState:
    """The state of a training after `batch` batches of epoch `epoch` (from 0).

    `variables` are the arrays of model, optimizer and metrics in Keras's order, `callbacks` the attributes of each callback,
    `belongs` the data, parameters, code and device that produced them.
    """

    epoch: int
    batch: int
    variables: list[np.ndarray]
    callbacks: list[Plain]
    belongs: Dependencies


def identity(model: str, workspace: Workspace) -> Dependencies:
    """What a checkpoint of this model belongs to, except for the device.

    That is the data and parameters that dvc.yaml declares, the code module by module, the libraries and the processor.
    """
    declared = dvc_files.declared((STAGE,), model, workspace)
    code = workspace.code(STAGE).relative_to(workspace.root).as_posix()
    data = {path: digest for path, digest in declared.deps.items() if path != code}
    machine = {PROCESSOR: processor(), "libraries": {name: metadata.version(name) for name in LIBRARIES}}
    return Dependencies({**data, **fingerprint.rows(STAGE, workspace.root)}, {**declared.params, **machine})


def on_device(belongs: Dependencies, device: str) -> Dependencies:
    """`belongs` with the device added."""
    return replace(belongs, params={**belongs.params, DEVICE: device})


def processor() -> str:
    """The processor's name and the instruction sets that change its arithmetic, as far as the system reports them."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    return " ".join([platform.machine(), *MODEL_NAME.findall(text)[:1], *sorted(set(INSTRUCTIONS.findall(text)))])


def check_alike(first: Dependencies, here: Dependencies) -> None:
    """Raises DarkroomError if this process has other data, parameters or code than the first one."""
    one, other = (
        replace(side, params={key: value for key, value in side.params.items() if key not in MACHINE}) for side in (first, here)
    )
    if line := next(dvc_files.differences(one, other, ("in the first process", "here")), None):
        raise DarkroomError(line)


def usable(content: bytes, path: Path, belongs: Dependencies, name: str) -> TrainingState | None:
    """The state in `content`, the bytes of `path`, if it belongs to this training; prints where that resumes, or why not."""
    if not content:
        return None
    try:
        state = read(content, path)
    except DarkroomError as damaged:
        print(f"{name}: restarts from scratch: {damaged}", flush=True)
        return None
    if changes := list(dvc_files.differences(state.belongs, belongs, SIDES)):
        print("\n".join(f"{name}: restarts from scratch, {line}" for line in changes), flush=True)
        return None
    print(f"{name}: resumes {position(state.epoch, state.batch)}", flush=True)
    return state


def position(epoch: int, batch: int) -> str:
    """The position of a training in words; epochs count from 1."""
    return f"in epoch {epoch + 1}" + f" after {batch} batches" * bool(batch)


def write(path: Path, state: TrainingState) -> None:
    """Writes `path` atomically: if writing fails, the old file remains."""
    arrays: dict[str, np.ndarray] = {}
    named: Plain = {HEAD: np.array(json.dumps(_packed({**vars(state), "belongs": vars(state.belongs)}, arrays))), **arrays}
    artifacts.replace(path, lambda stream: np.savez(stream, **named))


def read(content: bytes, path: Path) -> TrainingState:
    """Parses what `write` wrote to `path`. Raises DarkroomError, which names the file, if it is damaged."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        fields = _unpacked(json.loads(str(arrays.pop(HEAD))), arrays)
        return TrainingState(**{**fields, "belongs": Dependencies(**fields["belongs"])})
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DarkroomError(f"{path}: damaged ({error})") from None


def _packed(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays[str(id(value))] = value  # an array that occurs twice, as the last weights that are also the best, is stored once
        return {ARRAY: str(id(value))}
    if isinstance(value, dict):
        return {key: _packed(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(item, arrays) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _unpacked(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        return arrays[value[ARRAY]] if value.keys() == {ARRAY} else {k: _unpacked(item, arrays) for k, item in value.items()}
    return [_unpacked(item, arrays) for item in value] if isinstance(value, list) else value
