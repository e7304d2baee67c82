"""The checkpoint comes back as it was written, only where it belongs, and never half."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.launch import checkpoint_file
from darkroom.launch.checkpoint_file import TrainingState
from tests.conftest import WORKSPACE
from tests.support import trainings

HERE = Dependencies({"data/prepared/train": "1"}, {"seed": 0, "device": "a", "processor": "x", "libraries": {"keras": "3"}})


def content(state: TrainingState, path: Path) -> bytes:
    checkpoint_file.write(path, state)
    return path.read_bytes()


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    memory: dict[str, Any] = {"best": float("inf"), "wait": 2, "weights": [np.arange(3), np.float32([0.1])], "none": None}
    whole = TrainingState(3, 7, [np.float32([[1, 2]]), np.uint32([3])], [memory, {}], HERE)
    state = checkpoint_file.read(content(whole, tmp_path / "s.npz"), tmp_path / "s.npz")
    assert (state.epoch, state.batch, state.belongs) == (3, 7, HERE)
    for one, other in zip(state.variables, whole.variables, strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)
    weights = state.callbacks[0].pop("weights")
    assert state.callbacks == [{"best": float("inf"), "wait": 2, "none": None}, {}]
    assert [it.dtype for it in weights] == [np.int64, np.float32]


@pytest.mark.parametrize("damaged", [b"", b"PK\x03\x04", b"\x93NUMPY"])
def test_what_is_no_state_is_refused(damaged: bytes, tmp_path: Path) -> None:
    with pytest.raises(DarkroomError, match=r"^s.npz: damaged \("):
        checkpoint_file.read(damaged, Path("s.npz"))


def test_a_damaged_state_is_reported_and_not_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = content(TrainingState(1, 0, [np.zeros(9)], [], HERE), tmp_path / "s.npz")
    assert checkpoint_file.usable(whole[: len(whole) // 2], Path("s.npz"), HERE, "tiny") is None
    assert capsys.readouterr().out.startswith("tiny: restarts from scratch: s.npz: damaged (")
    state = checkpoint_file.usable(whole, Path("s.npz"), HERE, "tiny")
    assert state is not None and state.epoch == 1 and capsys.readouterr().out == "tiny: resumes in epoch 2\n"


def test_no_state_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    assert checkpoint_file.usable(b"", Path("s.npz"), HERE, "tiny") is None
    assert capsys.readouterr().out == ""


def test_a_place_within_an_epoch_is_named() -> None:
    assert [checkpoint_file.position(*place) for place in ((0, 0), (3, 2))] == ["in epoch 1", "in epoch 4 after 2 batches"]


def test_another_device_or_another_library_restarts_from_scratch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = checkpoint_file.on_device(HERE, "the CPU")
    kept = content(TrainingState(1, 0, [], [], here), tmp_path / "s.npz")
    for other in (
        checkpoint_file.on_device(here, "the GPU"),
        replace(here, params={**here.params, "libraries": {"keras": "9"}}),
    ):
        assert checkpoint_file.usable(kept, Path("s.npz"), other, "tiny") is None
    assert capsys.readouterr().out.splitlines() == [
        'tiny: restarts from scratch, device: "the CPU" then, "the GPU" now',
        'tiny: restarts from scratch, libraries.keras: "3" then, "9" now',
    ]


def test_a_state_belongs_to_data_parameters_code_and_libraries(project: Path) -> None:
    trainings.prepare(project)
    belongs = checkpoint_file.identity("tiny", WORKSPACE)
    assert {"data/prepared/train", "requirements.txt", "darkroom.training.network", "pipeline.train"} <= belongs.deps.keys()
    assert "reports/code/train.csv" not in belongs.deps  # the modules stand for it
    assert {"seed", "image", "models.tiny", "processor", "libraries"} <= belongs.params.keys()
    assert re.fullmatch(r"[\d.]+", belongs.params["libraries"]["keras"])


def test_processes_must_be_alike_but_for_their_machines() -> None:
    elsewhere = replace(HERE, params={**HERE.params, "device": "b", "processor": "y"})
    checkpoint_file.check_alike(elsewhere, HERE)
    with pytest.raises(DarkroomError, match=r"^data/prepared/train: 2 in the first process, 1 here$"):
        checkpoint_file.check_alike(replace(HERE, deps={"data/prepared/train": "2"}), HERE)
    with pytest.raises(DarkroomError, match=r"^seed: 1 in the first process, 0 here$"):
        checkpoint_file.check_alike(replace(HERE, params={**HERE.params, "seed": 1}), HERE)
