"""One file over HTTP: what is dead, silent or too slow is refused in one line; a connection that broke is tried again."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from darkroom.core.errors import DarkroomError

if TYPE_CHECKING:
    import requests
    import tenacity

TRIES = 3  # of a connection that breaks
WAIT_S = 1.0  # before the second of them; then twice as long each time
TIMEOUT_S = 10  # without a byte
PATIENCE_S = 20  # before a source may be called too slow
SLOWEST = 20_000  # bytes a second
CHUNK = 4096
AS_IT_LIES = {"Accept-Encoding": "identity"}  # a checksum is of the file, not of what a server makes of it on the way


class BrokenConnection(DarkroomError):
    """Another attempt may go well."""


class Pace(tqdm):  # type: ignore[misc]
    """A progress bar that refuses a source that trickles: no single wait is long, but the whole would never end."""

    begun = 0.0
    received = 0

    def count(self, url: str, size: int) -> None:
        """Counts `size` bytes. Raises DarkroomError where less than `SLOWEST` bytes a second have come after `PATIENCE_S`."""
        self.update(size)
        self.begun = self.begun or time.monotonic()  # the first bytes start the clock: connecting has its own limit
        self.received += size
        elapsed = time.monotonic() - self.begun
        if elapsed > PATIENCE_S and self.received < SLOWEST * elapsed:
            raise DarkroomError(f"{url}: slower than {SLOWEST // 1000} kB/s")


def download(url: str, target: Path) -> Path:
    """Fetches `url` into the file `target`, and returns that; a connection that breaks is tried `TRIES` times in all.

    Raises DarkroomError with the reason where nothing comes of it. Each failed attempt before the last is a line on stderr.
    """
    import tenacity

    patiently = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(BrokenConnection),
        stop=tenacity.stop_after_attempt(TRIES),
        wait=tenacity.wait_exponential(multiplier=WAIT_S),
        before_sleep=_say,
        reraise=True,
    )
    patiently(_attempt, url, target)
    return target


def _say(state: "tenacity.RetryCallState") -> None:
    failure = state.outcome.exception() if state.outcome else None
    print(f"{failure}; trying again ({state.attempt_number + 1} of {TRIES})", file=sys.stderr, flush=True)


def _attempt(url: str, target: Path) -> None:
    import requests

    try:
        with requests.get(url, stream=True, timeout=TIMEOUT_S, headers=AS_IT_LIES) as answer, target.open("wb") as stream:
            answer.raise_for_status()
            with Pace(total=answer.raw.length_remaining, unit="B", unit_scale=True, delay=1, leave=False, disable=None) as bar:
                for piece in answer.iter_content(CHUNK):
                    stream.write(piece)
                    bar.count(url, len(piece))
    except requests.RequestException as error:
        raise _refusal(url, error) from None


def _refusal(url: str, error: "requests.RequestException") -> DarkroomError:
    """The failure in a line; one that may pass by itself is a BrokenConnection."""
    import requests
    import urllib3

    cause = error.args[0] if error.args else None
    if isinstance(error, requests.HTTPError):
        return DarkroomError(f"{url}: HTTP {error.response.status_code}")
    if isinstance(error, requests.Timeout):
        return DarkroomError(f"{url}: no answer within {TIMEOUT_S} s")
    if isinstance(cause, urllib3.exceptions.ReadTimeoutError):
        return DarkroomError(f"{url}: fell silent for {TIMEOUT_S} s")
    if isinstance(cause, urllib3.exceptions.ProtocolError):
        return BrokenConnection(f"{url}: the connection broke before the file was whole")
    if isinstance(error, requests.ConnectionError) and not isinstance(error, requests.exceptions.SSLError):
        return BrokenConnection(f"{url}: cannot be reached")
    return DarkroomError(f"{url}: {type(error).__name__}")
