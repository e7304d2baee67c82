"""One training on many devices: those of a process through keras.distribution, many processes through jax.distributed.

Each process runs the same program and feeds its own rows of every batch; JAX adds the gradients up over all devices. Only
JAX can: under Keras 3 TensorFlow's strategies fail in `fit`.
"""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from darkroom.core.errors import DarkroomError
from darkroom.launch.distributed import watchdog
from darkroom.launch.distributed.cluster import HOW, Cluster
from darkroom.launch.distributed.shard import Share
from darkroom.training.network import reason

HEARTBEAT = 20  # seconds without a sign of life behind which a process counts as dead
MEETING = 120  # seconds to wait for the other processes at the beginning


@contextmanager
def together(wanted: Cluster | None, backend: str) -> Iterator[None]:
    """What several processes do in step, if there are several. Enter it before Keras is imported.

    One that fails leaves as soon as it ends: JAX would wait for the others, and they for it. Raises DarkroomError where they are not
    all there in time, and for an error that comes of the loss of one.
    """
    if wanted is None:
        yield
        return
    _join(wanted, backend)
    code = 1
    try:
        yield
        code = 0
    except KeyboardInterrupt:
        code = 130
        raise
    except (ValueError, RuntimeError) as error:
        if watchdog.SIGNS.search(str(error)):
            raise DarkroomError(watchdog.LINE) from None
        raise
    finally:
        if code:
            atexit.register(_leave, code)  # the last to be registered is the first to be called


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _join(wanted: Cluster, backend: str) -> None:
    if backend != "jax":
        raise DarkroomError(f"params.yaml: training.backend: {backend} trains in one process only, jax in several")
    import jax

    print(f"waits up to {MEETING} s for all of {wanted.processes or 'its'} processes", flush=True)
    _read_stderr()
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:  # which JAX's C++ would not ask while it waits
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        jax.distributed.initialize(
            wanted.coordinator,
            wanted.processes,
            wanted.process,
            initialization_timeout=MEETING,
            heartbeat_timeout_seconds=HEARTBEAT,
        )
    except (ValueError, TypeError, RuntimeError) as error:
        raise DarkroomError(f"several processes: {reason(error)}; each takes {HOW}") from None
    signal.signal(signal.SIGINT, heard)
    print(watchdog.MET, file=sys.stderr, flush=True)


def _read_stderr() -> None:
    reader = subprocess.Popen([sys.executable, "-m", watchdog.__name__], stdin=subprocess.PIPE, start_new_session=True)
    assert reader.stdin is not None  # noqa: S101 (for mypy)
    os.dup2(reader.stdin.fileno(), sys.stderr.fileno())
    reader.stdin.close()


def spread(backend: str) -> Share:
    """Has Keras use all devices of all processes; returns this process's share. Raises DarkroomError where they are uneven."""
    if backend != "jax":
        return Share()
    import jax
    import keras

    share = Share(jax.process_index(), jax.process_count(), jax.device_count())
    if jax.local_device_count() * share.processes != share.devices:
        raise DarkroomError(
            f"{jax.local_device_count()} of {share.devices} devices here: each process needs as many as any other"
        )
    if share.devices > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    if not share.is_first:
        print(f"process {share.process} of {share.processes} works; process 0 tells how it goes", flush=True)
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 (to the end)
    return share


def from_first(content: bytes, share: Share) -> bytes:
    """What the first process has, in each of them."""
    if share.processes == 1:
        return content
    from jax.experimental import multihost_utils

    high, low = multihost_utils.broadcast_one_to_all(np.array(divmod(len(content), 1 << 30), np.int32))
    size = (int(high) << 30) + int(low)
    padded = np.frombuffer(content.ljust(size, b"\0")[:size], np.uint8)
    return np.asarray(multihost_utils.broadcast_one_to_all(padded)).tobytes()
