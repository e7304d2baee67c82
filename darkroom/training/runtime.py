"""Starts Keras: seeded, deterministic, in the precision that params.yaml asks for."""

import re
from pathlib import Path

import keras

from darkroom.launch.backend import quiet_import
from darkroom.training import backend


def start(seed: int, precision: str = "float32", deterministic: bool = True) -> str:
    """Seeds every random generator and enables deterministic operators; returns a description of the device.

    `precision` is a Keras dtype policy: weights stay float32.
    """
    with quiet_import():
        keras.utils.set_random_seed(seed)
        device = backend.start(deterministic)
    if precision == "mixed_bfloat16" and device.startswith("the CPU") and not _has_bfloat16():
        device += " without bfloat16 instructions, slower than in float32"
    keras.config.set_dtype_policy(precision)
    return device


def _has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 numbers in hardware; assumed where there is no /proc/cpuinfo."""
    cpuinfo = Path("/proc/cpuinfo")
    return not cpuinfo.exists() or bool(re.search(r"avx512_bf16|amx_bf16|\bbf16\b", cpuinfo.read_text()))
