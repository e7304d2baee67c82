"""How a process is told that it is one of several: by options, by JAX's variables, or by the cluster that started it."""

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


def found(asked: Cluster, backend: str) -> Cluster | None:
    """What the options ask for, else JAX's variables, else SLURM's, Open MPI's or Kubernetes's; None for a single process.

    A cluster's word alone does not keep a backend that trains in one process from doing so: it may be one of many trainings.
    """
    told = Cluster(
        asked.coordinator or os.environ.get("JAX_COORDINATOR_ADDRESS"),
        _number(asked.processes, "JAX_NUM_PROCESSES"),
        _number(asked.process, "JAX_PROCESS_ID"),
    )
    if told != Cluster():
        return _checked(told)
    return told if backend == "jax" and _is_managed() else None


def _checked(found: Cluster) -> Cluster:
    """Refuses what cannot be, and what is left out where no cluster can tell it."""
    if found.coordinator is not None and not re.fullmatch(r".+:\d+", found.coordinator):
        raise DarkroomError(f"several processes: {found.coordinator!r} is not HOST:PORT; each takes {HOW}")
    if None not in (found.process, found.processes) and not 0 <= found.process < found.processes:  # type: ignore[operator]
        raise DarkroomError(f"several processes: there is no process {found.process} of {found.processes}: they count from 0")
    if None in (found.coordinator, found.processes, found.process) and not _is_managed():
        raise DarkroomError(f"several processes: each takes {HOW}")
    return found


def _number(given: int | None, variable: str) -> int | None:
    text = os.environ.get(variable)
    if given is not None or text is None:
        return given
    if not text.isdecimal():
        raise DarkroomError(f"{variable}: {text!r} is no number from 0 on")
    return int(text)


def _is_managed() -> bool:
    """Did a cluster start this as one of several processes? How it says so, jax.distributed knows better."""
    told = os.environ
    several = [told.get("SLURM_NTASKS") if "SLURM_STEP_NODELIST" in told else None, told.get("OMPI_COMM_WORLD_SIZE")]
    indexed_job = {"KUBERNETES_SERVICE_HOST", "JOB_COMPLETION_INDEX"} <= told.keys()
    return indexed_job or any(count not in (None, "1") for count in several)
