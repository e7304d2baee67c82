"""JAX's output about a lost process becomes one line."""

import subprocess
import sys

import pytest

from darkroom.launch.distributed import watchdog
from tests.conftest import HANGS_S

FATAL = """a line of ours
E1124 22:34:33.986454 14970 coordination_service_agent.cc:289] Polled an error from coordination service
F1124 22:34:33.986594 14970 client.h:80] Terminating process because the JAX distributed service detected fatal errors.
*** Check failure stack trace: ***
    @     0x7f18357c0634  absl
"""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (f"{watchdog.CONNECTED}\n{FATAL}", f"a line of ours\n{watchdog.LOST}\n"),
        (FATAL, f"a line of ours\n{watchdog.NOT_CONNECTED}\n"),
        ("one\ntwo\n", "one\ntwo\n"),
        ("several processes: CoordinationService: GRPC error\n", "several processes: CoordinationService: GRPC error\n"),
        (f"{watchdog.LOST}\n{FATAL}", f"{watchdog.LOST}\na line of ours\n"),
    ],
)
def test_a_stack_trace_becomes_one_line_and_everything_else_passes(written: str, read: str) -> None:
    command = [sys.executable, "-m", watchdog.__name__]
    done = subprocess.run(command, input=written, stderr=subprocess.PIPE, text=True, timeout=HANGS_S)
    assert done.stderr == read
