"""A checkpoint is read as it was written, only by its own training, and never if damaged."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.launch import checkpoint_file, training_identity
from darkroom.launch.checkpoint_file import TrainingState

DAMAGED = "damaged, or written by another version of Darkroom"
HERE = Dependencies({"data/prepared/train": "1"}, {"seed": 0, "device": "a", "processor": "x", "libraries": {"keras": "3"}})


def content(state: TrainingState, path: Path) -> bytes:
    checkpoint_file.write(path, state)
    return path.read_bytes()


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    memory: dict[str, Any] = {"best": float("inf"), "wait": 2, "weights": [np.arange(3), np.float32([0.1])], "none": None}
    whole = TrainingState(3, 7, [np.float32([[1, 2]]), np.uint32([3])], [memory, {}], HERE)
    state = checkpoint_file.read(content(whole, tmp_path / "s.npz"), tmp_path / "s.npz")
    assert (state.epoch, state.batch, state.identity) == (3, 7, HERE)
    for one, other in zip(state.variables, whole.variables, strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)
    weights = state.callbacks[0].pop("weights")
    assert state.callbacks == [{"best": float("inf"), "wait": 2, "none": None}, {}]
    assert [array.dtype for array in weights] == [np.int64, np.float32]


@pytest.mark.parametrize("damaged", [b"", b"PK\x03\x04", b"\x93NUMPY", bytes(99)])
def test_other_content_is_refused(damaged: bytes) -> None:
    with pytest.raises(DarkroomError, match=rf"^s.npz: {DAMAGED}$"):
        checkpoint_file.read(damaged, Path("s.npz"))


def test_a_change_of_any_byte_is_detected(tmp_path: Path) -> None:
    whole = content(TrainingState(1, 0, [np.zeros(9)], [{"rows": [[1, "a"]]}], HERE), tmp_path / "s.npz")
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        with pytest.raises(DarkroomError, match=DAMAGED):
            checkpoint_file.read(bytes(damaged), Path("s.npz"))


def test_a_damaged_state_is_reported_and_not_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = content(TrainingState(1, 0, [np.zeros(9)], [], HERE), tmp_path / "s.npz")
    assert checkpoint_file.usable(whole[: len(whole) // 2], Path("s.npz"), HERE, "tiny") is None
    assert capsys.readouterr().out.startswith(f"tiny: restarts from scratch: s.npz: {DAMAGED}\n")
    state = checkpoint_file.usable(whole, Path("s.npz"), HERE, "tiny")
    assert state is not None and state.epoch == 1 and capsys.readouterr().out == "tiny: resumes in epoch 2\n"


def test_an_absent_state_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert checkpoint_file.usable(b"", Path("s.npz"), HERE, "tiny") is None
    assert capsys.readouterr().out == ""


def test_a_position_within_an_epoch_is_described() -> None:
    assert [checkpoint_file.position(*numbers) for numbers in ((0, 0), (3, 2))] == ["in epoch 1", "in epoch 4 after 2 batches"]


def test_another_device_or_another_library_restarts_from_scratch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = training_identity.on_device(HERE, "the CPU")
    saved = content(TrainingState(1, 0, [], [], here), tmp_path / "s.npz")
    for other in (
        training_identity.on_device(here, "the GPU"),
        replace(here, params={**here.params, "libraries": {"keras": "9"}}),
    ):
        assert checkpoint_file.usable(saved, Path("s.npz"), other, "tiny") is None
    assert capsys.readouterr().out.splitlines() == [
        'tiny: restarts from scratch, device: "the CPU" then, "the GPU" now',
        'tiny: restarts from scratch, libraries.keras: "3" then, "9" now',
    ]
