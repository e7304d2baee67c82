"""int8: the same bytes in every process, and the layers ranked by sensitivity to rounding."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from darkroom.export import quantization
from tests.conftest import ROOT
from tests.support.networks import with_a_sensitive_layer

IMAGES = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1), np.uint8)


def test_the_most_sensitive_layer_comes_first() -> None:
    assert quantization.sensitive(with_a_sensitive_layer(), IMAGES) == ["sensitive", "harmless"]


def test_int8_is_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    program = """
import hashlib, sys
import numpy as np
from darkroom.core.image_policy import ImagePolicy
from darkroom.data.shards import Shards
from darkroom.export import canonical, quantization
from tests.support.networks import linear, plain
policy = ImagePolicy(8, 8, 1, "stretch", "area", (0, 0, 0), 10**8)
draw = np.random.default_rng(0)
model = linear(draw.normal(0, 1, (64, 10)), policy)
smaller = quantization.int8(model, draw.integers(0, 256, (100, 8, 8, 1), np.uint8), quantization.FORMS[1])
print(hashlib.sha256(canonical.with_metadata(smaller, plain(policy, tuple("0123456789")))).hexdigest())
"""
    command = [sys.executable, "-c", program]
    digests = {
        subprocess.run(command, cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
        for seed in ("0", "1", "2")
    }
    assert len(digests) == 1
