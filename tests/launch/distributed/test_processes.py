"""Several processes connect, or report in one line why they could not."""

import re
import signal
import subprocess
import sys
import time

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.launch.distributed import processes, watchdog
from darkroom.launch.distributed.cluster import Cluster
from darkroom.launch.distributed.shard import Shard
from tests.conftest import HANGS_S
from tests.support import trainings

pytestmark = pytest.mark.tensorflow
CLUSTER = Cluster("a:1", 2, 0)


def test_an_error_caused_by_a_lost_process_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ValueError("UNKNOWN: Gloo AllGather failed: Connection reset by peer")
    monkeypatch.setattr(processes, "_join", lambda *_: None)
    codes: list[int] = []
    monkeypatch.setattr(processes.atexit, "register", lambda _, code: codes.append(code))
    with pytest.raises(DarkroomError, match=f"^{re.escape(watchdog.LOST)}$"), processes.connected(CLUSTER):
        raise lost
    with pytest.raises(ValueError, match="Gloo"), processes.connected(None):
        raise lost
    with pytest.raises(KeyboardInterrupt), processes.connected(CLUSTER):
        raise KeyboardInterrupt
    with processes.connected(CLUSTER):
        pass
    assert codes == [1, 130]


def test_a_single_process_needs_no_broadcast() -> None:
    assert processes.from_first(b"state", Shard()) == b"state"


def waiting(process: int, seconds: int) -> "subprocess.Popen[str]":
    """One of two processes; the other is never started."""
    code = f"""
from darkroom.launch.distributed import processes
from darkroom.launch.distributed.cluster import Cluster
processes.CONNECT_TIMEOUT = {seconds}
with processes.connected(Cluster('127.0.0.1:{trainings.free_port()}', 2, {process})):
    print("connected")
"""
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_process_that_waits_too_long_says_so() -> None:
    for one in [waiting(process, 2) for process in (0, 1)]:  # each of another training
        output, errors = one.communicate(timeout=HANGS_S)
        assert one.returncode != 0 and output == "waiting up to 2 s for all 2 processes\n"
        assert errors.splitlines()[-1] == watchdog.NOT_CONNECTED and "absl" not in errors


def test_ctrl_c_ends_a_waiting_process() -> None:
    one = waiting(1, 100)
    assert one.stdout.readline() == "waiting up to 100 s for all 2 processes\n"  # type: ignore[union-attr]
    time.sleep(2)  # until JAX waits in its C++ code; if that takes longer, Python's own handler ends the process too
    one.send_signal(signal.SIGINT)
    one.communicate(timeout=HANGS_S)
    assert one.returncode == -signal.SIGINT
