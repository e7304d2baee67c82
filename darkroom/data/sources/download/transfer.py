"""Downloads one file over HTTP. A broken connection is retried; an unreachable, silent or slow server is a one-line error."""

import sys
import time
from pathlib import Path

import requests
import tenacity
import urllib3
from tqdm import tqdm

from darkroom.core.errors import DarkroomError
from darkroom.data import progress

ATTEMPTS = 3  # for a connection that breaks
WAIT_S = 1.0  # before the second attempt; doubled before each further one
TIMEOUT_S = 10  # without receiving a byte
GRACE_S = 20  # before the speed is checked
MIN_SPEED = 20_000  # bytes a second
CHUNK = 4096
HEADERS = {"Accept-Encoding": "identity"}  # the checksum is of the file as stored, so the server must not compress it


class BrokenConnectionError(DarkroomError):
    """A failure that may go away on another attempt."""


class SpeedCheck(tqdm):  # type: ignore[misc]
    """A progress bar that stops a slow download: it may take days and still never reach the timeout."""

    started = 0.0
    received = 0

    def count(self, url: str, size: int) -> None:
        """Counts `size` bytes. Raises DarkroomError if after `GRACE_S` the mean speed is below `MIN_SPEED`."""
        self.update(size)
        self.started = self.started or time.monotonic()  # from the first bytes on: connecting has a timeout of its own
        self.received += size
        elapsed = time.monotonic() - self.started
        if elapsed > GRACE_S and self.received < MIN_SPEED * elapsed:
            raise DarkroomError(f"{url}: slower than {MIN_SPEED // 1000} kB/s")


def download(url: str, target: Path) -> Path:
    """Downloads `url` to the file `target` and returns it; a broken connection is tried `ATTEMPTS` times in all.

    Raises DarkroomError with the reason of the last failure. Each earlier failure is a line on standard error.
    """
    retry = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(BrokenConnectionError),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_exponential(multiplier=WAIT_S),
        before_sleep=_print_failure,
        reraise=True,
    )
    retry(_attempt, url, target)
    return target


def _print_failure(state: tenacity.RetryCallState) -> None:
    failure = state.outcome.exception() if state.outcome else None
    print(f"{failure}; trying again ({state.attempt_number + 1} of {ATTEMPTS})", file=sys.stderr, flush=True)


def _attempt(url: str, target: Path) -> None:
    try:
        with requests.get(url, stream=True, timeout=TIMEOUT_S, headers=HEADERS) as response, target.open("wb") as stream:
            response.raise_for_status()
            total = response.raw.length_remaining
            with SpeedCheck(total=total, unit="B", unit_scale=True, **progress.OPTIONS) as bar:
                for chunk in response.iter_content(CHUNK):
                    stream.write(chunk)
                    bar.count(url, len(chunk))
    except requests.RequestException as error:
        raise _failure(url, error) from None


def _failure(url: str, error: requests.RequestException) -> DarkroomError:
    """The failure in a line; a BrokenConnectionError if it may be temporary."""
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.HTTPError):
        return DarkroomError(f"{url}: HTTP {error.response.status_code}")
    if isinstance(error, requests.Timeout):
        return DarkroomError(f"{url}: no answer within {TIMEOUT_S} s")
    if isinstance(cause, urllib3.exceptions.ReadTimeoutError):
        return DarkroomError(f"{url}: sent nothing for {TIMEOUT_S} s")
    if isinstance(cause, urllib3.exceptions.ProtocolError):
        return BrokenConnectionError(f"{url}: the connection broke before the file was complete")
    if isinstance(error, requests.ConnectionError) and not isinstance(error, requests.exceptions.SSLError):
        return BrokenConnectionError(f"{url}: cannot be reached")
    return DarkroomError(f"{url}: {type(error).__name__}")
