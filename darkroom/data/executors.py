"""A pool of processes, one per core, for work on images."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process

import cv2

from darkroom.core.errors import DarkroomError


@contextmanager
def processes(workers: int | None) -> Iterator[tuple[Executor, int]]:
    """A pool of `workers` processes (None: one per core) and their number. An exception in the block cancels the queued tasks.

    Raises DarkroomError if a process dies.
    """
    count = workers or _cores()
    pool = ProcessPoolExecutor(count, get_context("spawn"), _initialize)
    try:
        yield pool, count
    except BrokenProcessPool:
        raise DarkroomError(
            "a process that prepares images died: too little memory, or a file that crashes its decoder?"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _initialize() -> None:
    """Prepares a worker: the parent process handles Ctrl-C, and OpenCV uses one thread, as each core has a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Ends this worker once its parent process has died: it would wait for its next task for ever."""
    if parent := parent_process():
        parent.join()
        os._exit(1)
