"""Runs tasks in several processes and returns their results in order, whatever the number of workers."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

import cv2

from darkroom.core.errors import DarkroomError

Work = TypeVar("Work")
Result = TypeVar("Result")

TASKS_PER_WORKER = 4  # queued or finished: enough to keep every worker busy, few enough to bound memory


@contextmanager
def processes(workers: int | None) -> Iterator[tuple[Executor, int]]:
    """A pool of processes and their number; None: one per core. Leaving the block by an exception cancels the queued tasks.

    Raises DarkroomError if a process dies.
    """
    count = workers or _cores()
    pool = ProcessPoolExecutor(count, get_context("spawn"), _initialize)
    try:
        yield pool, count
    except BrokenProcessPool:
        raise DarkroomError(
            "a process that prepares images died: too little memory, or a file that breaks its decoder?"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def map_in_order(pool: Executor, workers: int, work: Callable[[Work], Result], tasks: Iterable[Work]) -> Iterator[Result]:
    """Yields the result of each task in the order of the tasks. Only a few tasks per worker are queued at a time."""
    queue: deque[Future[Result]] = deque()
    for task in tasks:
        queue.append(pool.submit(work, task))
        if len(queue) >= TASKS_PER_WORKER * workers:
            yield queue.popleft().result()
    while queue:
        yield queue.popleft().result()


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _initialize() -> None:
    """Prepares a worker: Ctrl-C is handled by the parent process, and OpenCV uses one thread, as each core has a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
