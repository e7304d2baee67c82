"""The machine on which a figure was measured."""

import os
import platform
from pathlib import Path


def describe() -> str:
    """Processor and its vector unit, number of cores, memory, version of Python."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next(
        (line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), platform.processor()
    )
    vectors = next((name for name in ("avx512f", "avx2", "asimd") if f" {name} " in info), "unknown vectors")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model} ({vectors}), {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
