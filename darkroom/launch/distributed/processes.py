"""Connects several processes into one training, through jax.distributed.

Each process runs the same program and feeds its own rows of every batch; JAX sums the gradients over all devices. TensorFlow
cannot do this: its distribution strategies fail in `fit` under Keras 3.
"""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import jax
import numpy as np
from jax.experimental import multihost_utils

from darkroom.core.errors import DarkroomError, first_line
from darkroom.launch.distributed import watchdog
from darkroom.launch.distributed.cluster import OPTIONS, Cluster
from darkroom.launch.distributed.shard import Shard

HEARTBEAT_TIMEOUT = 20  # seconds without a heartbeat after which a process counts as dead
CONNECT_TIMEOUT = 120  # seconds to wait for the other processes at the start


@contextmanager
def connected(cluster: Cluster | None) -> Iterator[None]:
    """Connects the processes of a training, if there are several. Enter it before the first computation.

    A process that fails exits without JAX's shutdown, in which it and the others would wait for each other. Raises
    DarkroomError if they do not all connect in time, and for an error caused by the loss of one.
    """
    if cluster is None:
        yield
        return
    _join(cluster)
    code = 1
    try:
        yield
        code = 0
    except KeyboardInterrupt:
        code = 130
        raise
    except (ValueError, RuntimeError) as error:  # JAX has no class for a lost process: only the text identifies it
        if watchdog.SIGNS_OF_LOSS.search(str(error)):
            raise DarkroomError(watchdog.LOST) from None
        raise
    finally:
        if code:
            atexit.register(_leave, code)  # registered last, called first: before JAX's shutdown


def from_first(content: bytes, shard: Shard) -> bytes:
    """Broadcasts `content` from the first process; returns it in every process."""
    if shard.processes == 1:
        return content
    high, low = multihost_utils.broadcast_one_to_all(np.array(divmod(len(content), 1 << 30), np.int32))
    size = (int(high) << 30) + int(low)
    padded = np.frombuffer(content.ljust(size, b"\0")[:size], np.uint8)
    return np.asarray(multihost_utils.broadcast_one_to_all(padded)).tobytes()


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _join(cluster: Cluster) -> None:
    count = f" {cluster.processes}" if cluster.processes else ""
    print(f"waiting up to {CONNECT_TIMEOUT} s for all{count} processes", flush=True)
    _watch_stderr()
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # JAX's C++ would not call it while it waits
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        jax.distributed.initialize(
            cluster.coordinator,
            cluster.processes,
            cluster.process,
            initialization_timeout=CONNECT_TIMEOUT,
            heartbeat_timeout_seconds=HEARTBEAT_TIMEOUT,
        )
    except (ValueError, RuntimeError) as error:
        raise DarkroomError(f"several processes: {first_line(error)}; each takes {OPTIONS}") from None
    signal.signal(signal.SIGINT, handler)
    print(watchdog.CONNECTED, file=sys.stderr, flush=True)


def _watch_stderr() -> None:
    reader = subprocess.Popen([sys.executable, "-m", watchdog.__name__], stdin=subprocess.PIPE, start_new_session=True)
    assert reader.stdin is not None  # noqa: S101 (for mypy)
    os.dup2(reader.stdin.fileno(), sys.stderr.fileno())
    reader.stdin.close()
