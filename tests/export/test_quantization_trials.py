"""Which trials pass, and which of them is kept."""

import numpy as np
import pytest

from darkroom.config.schema import Quantize
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.export.quantization_trials import Trial, Trials


@pytest.fixture
def trials(tmp_path) -> Trials:
    """Trials against a float32 file of five bytes with an accuracy of 0.95."""
    image = np.zeros((1, 2, 2, 1), np.uint8)
    shards.write(tmp_path, iter(image), np.zeros(1, np.int64))
    allowed = Quantize(forms=(), images=1, largest_drop=0.005)
    return Trials(Trial("float32", b"whole", 0.95), image, Shards(tmp_path), allowed)


def test_a_drop_of_exactly_the_allowed_size_passes(trials: Trials) -> None:
    assert trials.baseline.accuracy - 0.945 > 0.005  # by rounding to binary fractions
    assert trials.passes(Trial("a", b"half", 0.945))
    assert not trials.passes(Trial("a", b"half", 0.9448))
    assert not trials.passes(Trial("a", b"whole", 0.95))


def test_the_most_accurate_is_kept_and_of_equals_the_smallest(trials: Trials) -> None:
    less, large, small = Trial("less", b"x", 0.947), Trial("large", b"half", 0.948), Trial("small", b"one", 0.948)
    assert trials.best([less, large, small]) == small
    assert trials.best([Trial("large", b"whole", 0.95)]) is None


def test_the_report_says_why(trials: Trials) -> None:
    assert trials.report([Trial("a", b"half", 0.9)]) == {
        "kept": False,
        "reason": "not kept, a: 4 bytes against 5, accuracy on validation 0.9000 against 0.9500 (quantize.largest_drop: 0.005)",
        "sha256": None,
        "tried": [{"form": "a", "bytes": 4, "accuracy": 0.9}],
    }
