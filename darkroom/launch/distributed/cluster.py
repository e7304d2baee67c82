"""Detects whether this process is one of several: by options, by JAX's variables, or by the cluster manager that started it."""

import os
import re
from dataclasses import dataclass

from darkroom.core.errors import DarkroomError

OPTIONS = "--coordinator HOST:PORT --processes N --process I, or JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID"


@dataclass(frozen=True)
class Cluster:
    """HOST:PORT of the first process, the number of processes, and which one this is, from 0; None: JAX detects it."""

    coordinator: str | None = None
    processes: int | None = None
    process: int | None = None


def detect(options: Cluster, backend: str) -> Cluster | None:
    """The cluster by the options, else by JAX's variables, else by SLURM, Open MPI or Kubernetes; None for a single process.

    On TensorFlow the cluster manager is ignored: it may have started many independent trainings. Raises DarkroomError for
    impossible values, and if the options or the variables ask for several processes on TensorFlow.
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
        raise DarkroomError(f"params.yaml: training.backend: {backend} supports one process only; jax supports several")
    return cluster


def _check(cluster: Cluster) -> None:
    """Raises DarkroomError for impossible values, and for missing ones that no cluster manager supplies."""
    if cluster.coordinator is not None and not re.fullmatch(r".+:\d+", cluster.coordinator):
        raise DarkroomError(f"several processes: {cluster.coordinator!r} is not HOST:PORT; each takes {OPTIONS}")
    if None not in (cluster.process, cluster.processes) and not 0 <= cluster.process < cluster.processes:  # type: ignore[operator]
        raise DarkroomError(f"several processes: --process {cluster.process} is not one of {cluster.processes}, counted from 0")
    if None in (cluster.coordinator, cluster.processes, cluster.process) and not _is_managed():
        raise DarkroomError(f"several processes: each takes {OPTIONS}")


def _number(option: int | None, variable: str) -> int | None:
    text = os.environ.get(variable)
    if option is not None or text is None:
        return option
    if not text.isdecimal():
        raise DarkroomError(f"{variable}: {text!r} is not a whole number of at least 0")
    return int(text)


def _is_managed() -> bool:
    """Whether a cluster manager started this as one of several processes; jax.distributed reads the details itself."""
    environment = os.environ
    slurm_tasks = environment.get("SLURM_NTASKS") if "SLURM_STEP_NODELIST" in environment else None
    indexed_job = {"KUBERNETES_SERVICE_HOST", "JOB_COMPLETION_INDEX"} <= environment.keys()
    return indexed_job or any(count not in (None, "1") for count in (slurm_tasks, environment.get("OMPI_COMM_WORLD_SIZE")))
