"""Work in a pool of threads or processes, with results in the order of the tasks, whatever the number of workers."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")

TASKS_PER_WORKER = 4  # queued or finished: enough to keep every worker busy, few enough to bound memory


def map_in_order(pool: Executor, workers: int, work: Callable[[Work], Result], tasks: Iterable[Work]) -> Iterator[Result]:
    """Yields the result of each task in the order of the tasks. Only a few tasks per worker are queued at a time.

    If the iterator is closed early, or a task fails, the tasks that have not started are cancelled.
    """
    queue: deque[Future[Result]] = deque()
    try:
        for task in tasks:
            queue.append(pool.submit(work, task))
            if len(queue) >= TASKS_PER_WORKER * workers:
                yield queue.popleft().result()
        while queue:
            yield queue.popleft().result()
    finally:
        for future in queue:
            future.cancel()
