"""What export chooses on validation before it converts."""

import numpy as np
import pytest

from darkroom.export import calibrate

pytestmark = pytest.mark.tensorflow


def test_an_error_rate_out_of_reach_withholds_everything_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    answers = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]], np.float32)
    labels = np.array([1, 0, 0, 0])  # the most confident answer is wrong
    assert calibrate.threshold(answers, labels, 0.0001, "tiny") > 1
    assert capsys.readouterr().out.startswith("tiny: export.error_rate: 0.0001 is out of reach on validation")
    assert calibrate.threshold(answers, labels, None, "tiny") is None
