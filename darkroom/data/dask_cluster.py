"""A Dask cluster as an executor, for data sets that take one machine too long to decode. Needs the extra `dask`."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from darkroom.config.schema import Preprocess
from darkroom.core.errors import DarkroomError

try:
    import distributed
except ImportError:
    distributed = None

CONNECT_TIMEOUT_S = 10


@contextmanager
def connect(chosen: Preprocess) -> Iterator[tuple[Executor, int]]:
    """An executor and its number of threads, from the scheduler at the address in params.yaml (`tcp://host:port`).

    Raises DarkroomError if no scheduler answers, or its workers cannot run the tasks.
    """
    address = chosen.executor
    subject = f"{chosen.at('executor')}: {address}"
    if distributed is None:
        raise DarkroomError(f"{subject}: install the extra `dask`, or use processes")
    try:
        client = distributed.Client(address, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DarkroomError(f"{subject}: no Dask scheduler answers within {CONNECT_TIMEOUT_S} s ({error})") from None
    with client:
        try:
            yield client.get_executor(pure=False), sum(client.nthreads().values()) or 1
        except ModuleNotFoundError as error:
            raise DarkroomError(f"{subject}: its workers lack {error.name}: start them in this environment") from None
        except distributed.KilledWorker as error:
            raise DarkroomError(f"{subject}: a worker died repeatedly ({error})") from None
