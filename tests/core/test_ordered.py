"""Results come in the order of the tasks; after an error, waiting tasks are cancelled."""

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from darkroom.core import ordered


def test_a_task_that_finishes_late_keeps_its_position() -> None:
    first = threading.Event()

    def work(number: int) -> int:
        assert first.wait(10) if number == 0 else not first.set()
        return number

    with ThreadPoolExecutor(2) as pool:
        assert list(ordered.map_in_order(pool, 2, work, range(20))) == list(range(20))


class ByHand(Executor):
    """An executor that runs nothing: the test completes its futures."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []

    def submit(self, *_: Any) -> Future[Any]:
        self.futures.append(Future())
        return self.futures[-1]


def test_after_an_error_the_waiting_tasks_are_cancelled() -> None:
    pool = ByHand()
    results = ordered.map_in_order(pool, 1, abs, range(9))
    threading.Timer(0.1, lambda: pool.futures[0].set_exception(KeyError("first"))).start()
    with pytest.raises(KeyError, match="first"):
        next(results)
    assert [future.cancelled() for future in pool.futures] == [False, True, True, True]
