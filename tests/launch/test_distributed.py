"""Several devices and several processes make one training: the same batches, the same losses, one end."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.launch.distributed import watchdog
from pipeline import download, preprocess
from tests.conftest import WORKSPACE, Run
from tests.support import trainings

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves the prepared digits for the others."""
    return tmp_path_factory.mktemp("digits") / "data"


@pytest.fixture
def prepared(project: Path, digits: Path) -> None:
    """scikit-learn's digits, as if a mirrored 2 were a 2; one of the 1,293 to train on is left out, or two devices would leave one
    out of each epoch.
    """
    trainings.prepare(project)
    trainings.write_params("jax", None)
    WORKSPACE.params.write_text(WORKSPACE.params.read_text().replace("flip_averaging: false", "flip_averaging: true"))
    if digits.exists():
        shutil.copytree(digits, "data", dirs_exist_ok=True)
        return
    download.main([])
    preprocess.main([])
    train = Shards(WORKSPACE.split("train"))
    shards.write(WORKSPACE.split("train"), iter(train.images(np.arange(1292))), train.labels[:1292])
    shutil.copytree("data", digits)


def staged(run: Run, stage: str, *model: str) -> None:
    done = run(f"pipeline.{stage}", *model)
    assert done.returncode == 0, done.stderr


def losses() -> np.ndarray:
    return pd.read_csv(WORKSPACE.history("tiny"))[["loss", "val_loss"]].to_numpy()


def trained_by_two(variables: Callable[[int, int], dict[str, str]] | None = None) -> str:
    """By two processes that learn of each other by variables or by options; returns what the first printed."""
    port = trainings.free_port()
    both = [
        trainings.started(variables(process, port) if variables else {}, "pipeline.train", "tiny", *options)
        for process in (0, 1)
        for options in [[] if variables else trainings.by_options(process, port)]
    ]
    (first, errors), (second, other_errors) = (one.communicate(timeout=200) for one in both)
    assert [one.returncode for one in both] == [0, 0], errors + other_errors
    assert "Epoch" not in second and "process 1 of 2 is running; process 0 reports the progress\n" in second
    return first


@pytest.mark.usefixtures("prepared")
def test_two_devices_and_two_processes_learn_as_one_does(run: Run) -> None:
    trainings.trained(run)
    alone = losses()
    assert ", 2 devices in 1 process, " in trainings.trained(run, JAX_NUM_CPU_DEVICES="2")
    assert len(alone) >= 3 and np.allclose(losses(), alone, rtol=1e-4, atol=0)
    assert ", 2 devices in 2 processes, " in trained_by_two()
    assert np.allclose(losses(), alone, rtol=1e-4, atol=0)
    staged(run, "export", "tiny")
    staged(run, "verify", "tiny")


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("dead", [0, 1])
def test_one_of_two_killed_ends_the_other_and_a_rerun_resumes(dead: int) -> None:
    port = trainings.free_port()
    one = trainings.started(trainings.by_variables(dead, port), "tests.support.kill", "tiny", "2.1")
    other = trainings.started(trainings.by_variables(1 - dead, port), "pipeline.train", "tiny")
    one.communicate(timeout=200)
    _, errors = other.communicate(timeout=60)
    assert other.returncode != 0 and errors.splitlines()[-1] == watchdog.LOST and "absl" not in errors
    assert "tiny: resumes in epoch 3\n" in trained_by_two([trainings.by_variables, trainings.by_slurm][dead])
    assert len(losses()) >= 3 and not WORKSPACE.checkpoint("tiny").exists()


@pytest.mark.usefixtures("prepared")
def test_ctrl_c_in_one_of_two_ends_both() -> None:
    """In the second one, which does not write; the first says what it says of a process that died."""
    port = trainings.free_port()
    first, second = (trainings.started(trainings.by_variables(process, port), "pipeline.train", "tiny") for process in (0, 1))
    while not first.stdout.readline().startswith("Epoch 2/"):  # type: ignore[union-attr]
        assert first.poll() is None
    second.send_signal(signal.SIGINT)
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 130 and errors.splitlines()[-1].startswith("interrupted; `dvc repro` resumes in epoch ")
    _, errors = first.communicate(timeout=60)
    assert first.returncode != 0 and errors.splitlines()[-1] == watchdog.LOST
