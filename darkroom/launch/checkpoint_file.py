"""The checkpoint file of a training: a `.npz` with the arrays and, as JSON, everything else; then its SHA-256.

It is written atomically. DVC does not manage it, so that a rerun finds it. It records the identity of its training, so that no
other training uses it.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from darkroom.core import artifacts, dvc_files
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError

SIDES = ("then", "now")
ARRAY = "array"
HEAD = "head"
DIGEST = hashlib.sha256().digest_size

Plain = dict[str, Any]


@dataclass(frozen=True)
class TrainingState:
    """The state of a training after `batch` batches of epoch `epoch` (from 0).

    `variables` are the arrays of model, optimizer and metrics in Keras's order, `callbacks` the state of each callback,
    `identity` that of the training.
    """

    epoch: int
    batch: int
    variables: list[np.ndarray]
    callbacks: list[Plain]
    identity: Dependencies


def usable(content: bytes, path: Path, identity: Dependencies, name: str) -> TrainingState | None:
    """The state in `content`, the bytes of `path`, if it belongs to this training; prints where it resumes, or why not."""
    if not content:
        return None
    try:
        state = read(content, path)
    except DarkroomError as damaged:
        print(f"{name}: restarts from scratch: {damaged}", flush=True)
        return None
    if changes := list(dvc_files.differences(state.identity, identity, SIDES)):
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
    named: Plain = {HEAD: np.array(json.dumps(_packed({**vars(state), "identity": vars(state.identity)}, arrays))), **arrays}

    def fill(stream: IO[bytes]) -> None:
        hashed = _Hashed(stream)
        np.savez(hashed, **named)
        stream.write(hashed.sha256.digest())

    artifacts.replace(path, fill)


def read(content: bytes, path: Path) -> TrainingState:
    """Parses what `write` wrote to `path`. Raises DarkroomError, which names the file, for any other content."""
    arrays_file = memoryview(content)[:-DIGEST]
    if hashlib.sha256(arrays_file).digest() != content[-DIGEST:]:
        raise DarkroomError(f"{path}: damaged, or written by another version of Darkroom")
    with np.load(io.BytesIO(arrays_file), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    fields = _unpacked(json.loads(str(arrays.pop(HEAD))), arrays)
    return TrainingState(**{**fields, "identity": Dependencies(**fields["identity"])})


class _Hashed(io.RawIOBase):
    """A write-only stream that computes the SHA-256 of everything written to it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.sha256 = stream, hashlib.sha256()

    def write(self, content: Any) -> int:  # any buffer
        self.sha256.update(content)
        return self.stream.write(content)


def _packed(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays[str(id(value))] = value  # stores an array that occurs twice, such as last weights that are also the best, once
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
