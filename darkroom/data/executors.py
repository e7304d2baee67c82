"""Work in several processes, on this machine or on a cluster: results come back in order, whatever the number of workers."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

from darkroom.core.errors import DarkroomError

Work = TypeVar("Work")
Result = TypeVar("Result")

PROCESSES = "processes"
AHEAD = 4  # tasks a worker that wait or are done: enough that none idles, few enough that memory stays flat
PATIENCE_S = 10


@contextmanager
def executor(kind: str, workers: int | None, where: object) -> Iterator[tuple[Executor, int]]:
    """An executor and the number of its workers: `processes` of this machine (None: one a core), or a Dask scheduler's.

    `where` names `kind` in a refusal. Leaving the block by an exception gives up the tasks that have not begun.
    """
    if kind != PROCESSES:
        with _cluster(kind, where) as found:
            yield found
        return
    count = workers or _cores()
    pool = ProcessPoolExecutor(count, get_context("spawn"), _begin)
    try:
        yield pool, count
    except BrokenProcessPool:
        raise DarkroomError(
            "a process that prepares images died: too little memory, or a file that breaks its decoder?"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def in_order(pool: Executor, count: int, work: Callable[[Work], Result], tasks: Iterable[Work]) -> Iterator[Result]:
    """The result of each task in the order of the tasks, of which few wait at a time."""
    waiting: deque[Future[Result]] = deque()
    for task in tasks:
        waiting.append(pool.submit(work, task))
        if len(waiting) >= AHEAD * count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _begin() -> None:
    """A worker leaves Ctrl-C to the process that gave it work, and keeps to one thread: there is a worker for every core."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)


@contextmanager
def _cluster(address: str, where: object) -> Iterator[tuple[Executor, int]]:
    try:
        from distributed import Client, KilledWorker
    except ImportError:
        raise DarkroomError(f"{where}: {address}: install the extra `dask`, or say {PROCESSES}") from None
    try:
        client = Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DarkroomError(f"{where}: {address}: no Dask scheduler answers there within {PATIENCE_S} s ({error})") from None
    with client:
        try:
            yield client.get_executor(pure=False), sum(client.nthreads().values()) or 1
        except ModuleNotFoundError as error:
            raise DarkroomError(f"{where}: {address}: its workers lack {error.name}: start them in this environment") from None
        except KilledWorker as error:
            raise DarkroomError(f"{where}: {address}: a worker died again and again ({error})") from None
