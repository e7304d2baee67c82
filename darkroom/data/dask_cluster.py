"""A Dask cluster as an executor, for data sets that one machine would take too long to decode. Needs the extra `dask`."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from darkroom.core.errors import DarkroomError

try:
    import distributed
except ImportError:
    distributed = None

CONNECT_TIMEOUT_S = 10


@contextmanager
def connect(address: str, place: object) -> Iterator[tuple[Executor, int]]:
    """An executor and the number of its threads, from the scheduler at `address` (`tcp://host:port`).

    `place` is where params.yaml names the address, for messages. Raises DarkroomError if no scheduler answers, or its workers
    cannot run the tasks.
    """
    if distributed is None:
        raise DarkroomError(f"{place}: {address}: install the extra `dask`, or say processes")
    try:
        client = distributed.Client(address, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        limit = f"within {CONNECT_TIMEOUT_S} s ({error})"
        raise DarkroomError(f"{place}: {address}: no Dask scheduler answers there {limit}") from None
    with client:
        try:
            yield client.get_executor(pure=False), sum(client.nthreads().values()) or 1
        except ModuleNotFoundError as error:
            raise DarkroomError(f"{place}: {address}: its workers lack {error.name}: start them in this environment") from None
        except distributed.KilledWorker as error:
            raise DarkroomError(f"{place}: {address}: a worker died again and again ({error})") from None
