"""Anonymous resident memory (RssAnon) on Linux. Memory-mapped pages do not count: the system can take them back."""

import os
import threading
from pathlib import Path
from typing import Self

import psutil

INTERVAL_S = 0.1


def anonymous(process: int) -> int:
    """RssAnon of a process in bytes; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon")), 0)


class PeakMemory:
    """RssAnon of this process and its children, in bytes: `before` the `with` block, and the `peak` in it."""

    def __init__(self) -> None:
        self.before = self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self.before = self.peak = self._total()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            self.peak = max(self.peak, self._total())

    @staticmethod
    def _total() -> int:
        processes = [os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))]
        return sum(map(anonymous, processes))
