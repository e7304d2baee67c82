"""How a process knows that it is one of several: by options, by JAX's variables, or by the cluster manager that started it."""

import os
import re
from dataclasses import dataclass

from darkroom.core.errors import DarkroomError

HOW = "--coordinator HOST:PORT --processes N --process I, or JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID"


@dataclass(frozen=True)
class Cluster:
    """Where the processes meet (HOST:PORT of the first), how many there are, which one this is; None: as JAX finds it."""

    coordinator: str | None = None
    processes: int | None = None
    process: int | None = None


def detect(options: Cluster, backend: str) -> Cluster | None:
    """What the options ask for, else JAX's variables, else SLURM's, Open MPI's or Kubernetes's; None for a single process.

    A cluster manager alone does not keep TensorFlow from training: it may be one of many trainings that it started. Raises
    DarkroomError for what cannot be, and where the options or the variables ask for several processes on TensorFlow.
    """
    cluster = Cluster(
        options.coordinator or os.environ.get("JAX_COORDINATOR_ADDRESS"),
        _number(options.processes, "JAX_NUM_PROCESSES"),
        _number(options.process, "JAX_PROCESS_ID"),
    )
    if cluster == Cluster():
        return cluster if backend == "jax" and _is_managed() else None
    _check(cluster)
    if backend != "jax":
        raise DarkroomError(f"params.yaml: training.backend: {backend} trains in one process only, jax in several")
    return cluster


def _check(cluster: Cluster) -> None:
    """Refuses what cannot be, and what is left out where no cluster manager says it."""
    if cluster.coordinator is not None and not re.fullmatch(r".+:\d+", cluster.coordinator):
        raise DarkroomError(f"several processes: {cluster.coordinator!r} is not HOST:PORT; each takes {HOW}")
    if None not in (cluster.process, cluster.processes) and not 0 <= cluster.process < cluster.processes:  # type: ignore[operator]
        raise DarkroomError(
            f"several processes: there is no process {cluster.process} of {cluster.processes}: they count from 0"
        )
    if None in (cluster.coordinator, cluster.processes, cluster.process) and not _is_managed():
        raise DarkroomError(f"several processes: each takes {HOW}")


def _number(option: int | None, variable: str) -> int | None:
    text = os.environ.get(variable)
    if option is not None or text is None:
        return option
    if not text.isdecimal():
        raise DarkroomError(f"{variable}: {text!r} is no number from 0 on")
    return int(text)


def _is_managed() -> bool:
    """Did a cluster manager start this as one of several processes? The details are jax.distributed's."""
    environment = os.environ
    slurm_tasks = environment.get("SLURM_NTASKS") if "SLURM_STEP_NODELIST" in environment else None
    indexed_job = {"KUBERNETES_SERVICE_HOST", "JOB_COMPLETION_INDEX"} <= environment.keys()
    return indexed_job or any(count not in (None, "1") for count in (slurm_tasks, environment.get("OMPI_COMM_WORLD_SIZE")))
