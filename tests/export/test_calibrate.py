"""What export chooses on validation before it converts."""

from pathlib import Path

import numpy as np
import pytest

from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.export import calibrate

pytestmark = pytest.mark.tensorflow


def test_an_error_rate_out_of_reach_withholds_everything_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shards.write(tmp_path, iter(np.zeros((4, 8, 8, 1), np.uint8)), np.array([1, 0, 0, 0]))
    answers = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]], np.float32)  # the surest is wrong
    assert calibrate._threshold(answers, Shards(tmp_path), 0.0001, "tiny") > 1
    assert capsys.readouterr().out.startswith("tiny: export.error_rate: 0.0001 is out of reach on validation")
    assert calibrate._threshold(answers, Shards(tmp_path), None, "tiny") is None
