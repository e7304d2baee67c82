"""The state of a training in one file, written whole or not at all: arrays as they are, everything else as JSON among them.

It is kept outside what DVC knows, so that a rerun finds it, and it says what it belongs to, so that no other run takes it.
"""

import io
import json
import platform
import re
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from darkroom.core import artifacts, dvc_files
from darkroom.core.errors import DarkroomError

STAGES = ("train",)
NAMES = ("then", "now")
NUMBERS = re.compile(r"\b(?:avx|amx|fma|sse4|sve|asimd|bf16)\w*")  # what of a processor its arithmetic depends on
NAMED = re.compile(r"model name\s*: (.*)")
LIBRARIES = ("keras", "numpy", "albumentations", "opencv-python-headless")  # the backend's is in the device's name
DEVICE, PROCESSOR = MACHINE = "device", "processor"
ARRAY = "array"
HEAD = "head"

Plain = dict[str, Any]


@dataclass(frozen=True)
class State:
    """Where a training stands: `batch` batches (from 0) of epoch `epoch` (from 0) are done.

    `variables` are the arrays of model, optimizer and metrics in Keras's order, `callbacks` the attributes of each callback,
    `belongs` the data, parameters, code and device that all this was made with.
    """

    epoch: int
    batch: int
    variables: list[np.ndarray]
    callbacks: list[Plain]
    belongs: Plain


def belonging(model: str) -> Plain:
    """What a state of this model is good for: the data, parameters and code that dvc.yaml declares, libraries, processor."""
    found = dvc_files.declared(STAGES, model)
    versions = {name: metadata.version(name) for name in LIBRARIES}
    return {**found, "params": {**found["params"], PROCESSOR: processor(), "libraries": versions}}


def on(belongs: Plain, device: str) -> Plain:
    """The same, on a device."""
    return {**belongs, "params": {**belongs["params"], DEVICE: device}}


def processor() -> str:
    """Its name, and those of its instructions that arithmetic depends on, as far as the system says."""
    told = Path("/proc/cpuinfo")
    text = told.read_text() if told.exists() else ""
    return " ".join([platform.machine(), *NAMED.findall(text)[:1], *sorted(set(NUMBERS.findall(text)))])


def check_alike(first: Plain, here: Plain) -> None:
    """Refuses to be one of several processes with other data, parameters or code than the first one has."""
    one, other = (
        {**it, "params": {key: it["params"][key] for key in it["params"] if key not in MACHINE}} for it in (first, here)
    )
    if line := next(dvc_files.differences(one, other, ("in the first process", "here")), None):
        raise DarkroomError(line)


def found(content: bytes, path: Path, belongs: Plain, name: str) -> State | None:
    """The state in `content`, which is that of `path`, if it belongs to this training; says where that goes on, or why not."""
    if not content:
        return None
    try:
        state = read(content, path)
    except DarkroomError as damaged:
        print(f"{name}: begins anew: {damaged}", flush=True)
        return None
    changed = list(dvc_files.differences(state.belongs, belongs, NAMES))
    if changed:
        print("\n".join(f"{name}: begins anew, {line}" for line in changed), flush=True)
        return None
    print(f"{name}: resumes {place(state.epoch, state.batch)}", flush=True)
    return state


def place(epoch: int, batch: int) -> str:
    """Where a training stands, in words: epochs count from 1."""
    return f"in epoch {epoch + 1}" + f" behind {batch} batches" * bool(batch)


def write(path: Path, state: State) -> None:
    """Writes `path`; whatever happens on the way, there is the old file or the new one."""
    arrays: dict[str, np.ndarray] = {}
    named: Plain = {HEAD: np.array(json.dumps(_packed(vars(state), arrays))), **arrays}
    artifacts.replace(path, lambda stream: np.savez(stream, **named))


def read(content: bytes, path: Path) -> State:
    """What `write` wrote to `path`. Raises DarkroomError, which names it, for what is damaged."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return State(**_unpacked(json.loads(str(arrays.pop(HEAD))), arrays))
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DarkroomError(f"{path}: damaged ({error})") from None


def _packed(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays[str(id(value))] = value  # one that stands in several places, as the last weights when they are the best, once
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
