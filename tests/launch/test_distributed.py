"""Several devices and several processes make one training: the same batches, the same losses, one end."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkroom.launch.distributed import watchdog
from tests.conftest import HANGS_S, WORKSPACE, Run
from tests.support import trainings
from tests.support.trainings import by_options, by_slurm, by_variables, free_port, started

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def prepared(project: Path) -> None:
    """150 images: each batch has an even number of them, so that two devices leave none out."""
    trainings.prepare()
    trainings.write_params("jax", None)


def losses() -> np.ndarray:
    return pd.read_csv(WORKSPACE.history("tiny"))[["loss", "val_loss"]].to_numpy()


def outcomes(*both: "subprocess.Popen[str]") -> list[tuple[int, str, str]]:
    """How two processes ended: exit code, output, the last line of the errors."""
    try:
        streams = [one.communicate(timeout=HANGS_S) for one in both]
    finally:
        for one in both:
            one.kill()
    lines = [(errors.splitlines() or [""])[-1] for _, errors in streams]
    assert "absl" not in "".join(errors for _, errors in streams)
    return [(one.returncode, output, line) for one, (output, _), line in zip(both, streams, lines, strict=True)]


def ended(process: int, sent: str, variables: Callable[[int, int], dict[str, str]]) -> tuple[int, str]:
    """One of two processes gets a signal in its second epoch, and the other one says so; exit code and last line of the first."""
    port = free_port()
    one = started(variables(process, port), "tests.support.kill", "tiny", "1.1", sent)
    other = started(variables(1 - process, port), "pipeline.train", "tiny")
    (code, _, line), (its_code, _, its_line) = outcomes(one, other)
    assert its_code != 0 and its_line == watchdog.LOST
    return code, line


def resumed() -> None:
    """Two processes resume in the second epoch; only the first one reports."""
    port = free_port()
    both = [started({}, "pipeline.train", "tiny", *by_options(process, port)) for process in (0, 1)]
    (code, output, line), (its_code, its_output, its_line) = outcomes(*both)
    assert (code, line, its_code, its_line) == (0, "", 0, "")
    assert ", 2 devices in 2 processes, " in output and "tiny: resumes in epoch 2\n" in output
    assert "Epoch" not in its_output and "process 1 of 2 is running; process 0 reports the progress\n" in its_output
    assert not WORKSPACE.checkpoint("tiny").exists()


def test_two_processes_one_of_which_is_killed_learn_as_one_does(run: Run) -> None:
    trainings.trained(run)
    alone = losses()
    assert len(alone) == 5
    assert ended(0, "SIGKILL", by_variables)[0] == -signal.SIGKILL
    resumed()
    assert np.allclose(losses(), alone, rtol=1e-4, atol=0)


@pytest.mark.slow
def test_two_devices_of_one_process_learn_as_one_does(run: Run) -> None:
    trainings.trained(run)
    alone = losses()
    assert ", 2 devices in 1 process, " in trainings.trained(run, JAX_NUM_CPU_DEVICES="2")
    assert np.allclose(losses(), alone, rtol=1e-4, atol=0)


@pytest.mark.slow
def test_the_second_of_two_is_killed() -> None:
    assert ended(1, "SIGKILL", by_slurm)[0] == -signal.SIGKILL
    resumed()


@pytest.mark.slow
def test_ctrl_c_in_the_second_of_two_ends_both() -> None:
    assert ended(1, "SIGINT", by_variables) == (130, "interrupted; `dvc repro` resumes in epoch 2")
