"""Work in several processes: results in order, errors passed on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.core import ordered
from darkroom.core.errors import DarkroomError
from darkroom.data import executors
from tests.conftest import HANGS_S


def slow_at_first(number: int) -> int:
    time.sleep(0.3 * (number == 0))
    return number * number


def refuses(number: int) -> int:
    if number == 3:
        raise DarkroomError("the third is refused")
    return number


def dies(number: int) -> int:
    os._exit(number)


def test_results_come_in_order_and_few_tasks_wait() -> None:
    taken = 0

    def tasks() -> Iterator[int]:
        nonlocal taken
        for number in range(40):
            taken += 1
            yield number

    with executors.processes(2) as (pool, count):
        results = ordered.map_in_order(pool, count, slow_at_first, tasks())
        assert next(results) == 0
        assert (count, taken) == (2, ordered.TASKS_PER_WORKER * 2)
        assert list(results) == [number * number for number in range(1, 40)]


def test_an_error_in_a_worker_reaches_the_stage() -> None:
    with pytest.raises(DarkroomError, match="the third is refused"), executors.processes(1) as (pool, count):
        list(ordered.map_in_order(pool, count, refuses, range(9)))


def test_a_worker_that_dies_is_one_line() -> None:
    with (
        pytest.raises(DarkroomError, match="a process that prepares images died"),
        executors.processes(1) as (pool, count),
    ):
        list(ordered.map_in_order(pool, count, dies, range(9)))


def test_one_worker_per_core_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
    with executors.processes(None) as (_, count):
        assert count == 3


PARENT = """
import os, signal
from darkroom.data import executors
if __name__ == "__main__":
    with executors.processes(2) as (pool, _):
        print(*{future.result() for future in [pool.submit(os.getpid) for _ in range(20)]}, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    with subprocess.Popen([sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, text=True) as parent:
        # the pipe is closed once the last of all processes that inherited it has ended
        workers, _ = parent.communicate(timeout=HANGS_S)
    assert parent.returncode == -signal.SIGKILL and workers.split()
