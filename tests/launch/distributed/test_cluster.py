"""How a process detects that it is one of several."""

import re

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.launch.distributed.cluster import OPTIONS, Cluster, detect

VARIABLES = (
    *("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID", "SLURM_NTASKS", "SLURM_STEP_NODELIST"),
    *("OMPI_COMM_WORLD_SIZE", "KUBERNETES_SERVICE_HOST", "JOB_COMPLETION_INDEX"),
)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_options_take_precedence_over_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    assert detect(Cluster(), "jax") is None
    assert detect(Cluster("a:1", 2, 0), "jax") == Cluster("a:1", 2, 0)
    monkeypatch.setenv("JAX_NUM_PROCESSES", "4")
    monkeypatch.setenv("JAX_PROCESS_ID", "3")
    assert detect(Cluster("a:1"), "jax") == Cluster("a:1", 4, 3)
    assert detect(Cluster("a:1", 5, 0), "jax") == Cluster("a:1", 5, 0)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (Cluster("nonsense", 1, 0), f"several processes: 'nonsense' is not HOST:PORT; each takes {OPTIONS}"),
        (Cluster("a:1", 2, 5), "several processes: --process 5 is not one of 2, counted from 0"),
        (Cluster("a:1", None, 0), f"several processes: each takes {OPTIONS}"),
        (Cluster("a:1", 2, None), f"several processes: each takes {OPTIONS}"),
    ],
)
def test_impossible_options_are_refused(wrong: Cluster, line: str) -> None:
    with pytest.raises(DarkroomError, match=f"^{re.escape(line)}$"):
        detect(wrong, "jax")


def test_a_variable_that_is_not_a_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PROCESS_ID", "last")
    with pytest.raises(DarkroomError, match=r"^JAX_PROCESS_ID: 'last' is not a whole number of at least 0$"):
        detect(Cluster("a:1", 4), "jax")


def test_several_processes_on_tensorflow_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    line = r"^params\.yaml: training\.backend: tensorflow supports one process only; jax supports several$"
    with pytest.raises(DarkroomError, match=line):
        detect(Cluster("a:1", 2, 0), "tensorflow")
    for name, value in {"JAX_COORDINATOR_ADDRESS": "a:1", "JAX_NUM_PROCESSES": "2", "JAX_PROCESS_ID": "0"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DarkroomError, match=line):
        detect(Cluster(), "tensorflow")


@pytest.mark.parametrize(
    ("variables", "several"),
    [
        ({"SLURM_NTASKS": "2", "SLURM_STEP_NODELIST": "n[1-2]"}, True),
        ({"SLURM_NTASKS": "1", "SLURM_STEP_NODELIST": "n1"}, False),
        ({"SLURM_NTASKS": "2"}, False),  # within sbatch, not under srun
        ({"OMPI_COMM_WORLD_SIZE": "2"}, True),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "JOB_COMPLETION_INDEX": "0"}, True),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, False),
    ],
)
def test_a_cluster_manager_that_starts_several_is_detected(
    variables: dict[str, str], several: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert detect(Cluster(), "jax") == (Cluster() if several else None)
    assert detect(Cluster(), "tensorflow") is None  # it may be one of many independent trainings
