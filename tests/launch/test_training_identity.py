"""What a checkpoint belongs to: everything that determines the bytes of a training."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from darkroom import config
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.launch import training_identity
from tests.conftest import WORKSPACE
from tests.support import trainings

HERE = Dependencies({"data/prepared/train": "1"}, {"seed": 0, "device": "a", "processor": "x", "libraries": {"keras": "3"}})


def test_the_identity_is_data_parameters_code_and_libraries(project: Path) -> None:
    trainings.prepare()
    identity = training_identity.of("tiny", config.load(WORKSPACE).values, WORKSPACE)
    assert {"data/prepared/train", "requirements.txt", "darkroom.training.network", "pipeline.train"} <= identity.deps.keys()
    assert "reports/code/train.csv" not in identity.deps  # its modules are listed instead
    assert {"seed", "image", "models.tiny", "processor", "libraries"} <= identity.params.keys()
    assert re.fullmatch(r"[\d.]+", identity.params["libraries"]["keras"])


def test_processes_may_differ_in_their_machines_only() -> None:
    elsewhere = replace(HERE, params={**HERE.params, "device": "b", "processor": "y"})
    training_identity.check_alike(elsewhere, HERE)
    with pytest.raises(DarkroomError, match=r"^data/prepared/train: 2 in the first process, 1 here$"):
        training_identity.check_alike(replace(HERE, deps={"data/prepared/train": "2"}), HERE)
    with pytest.raises(DarkroomError, match=r"^seed: 1 in the first process, 0 here$"):
        training_identity.check_alike(replace(HERE, params={**HERE.params, "seed": 1}), HERE)
