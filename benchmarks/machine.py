"""The machine on which a figure was measured or a result made: `python -m benchmarks.machine`."""

import os
import platform
from pathlib import Path


def processor() -> str:
    """The processor and its vector unit, on which the bytes of a training depend."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next(
        (line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), platform.processor()
    )
    vectors = next((name for name in ("avx512f", "avx2", "asimd") if f" {name} " in info), "unknown vectors")
    return f"{model} ({vectors})"


def describe() -> str:
    """Processor, number of cores, memory, version of Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


if __name__ == "__main__":
    print(describe())
