"""What a training says of itself before it begins."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from darkroom.training import train
from tests.support.setups import prepared, write_splits

pytestmark = pytest.mark.tensorflow


def test_a_training_that_is_not_deterministic_says_so() -> None:
    (line,) = train.determinism_warnings(SimpleNamespace(), deterministic=False)
    assert line == "training.deterministic: false: another run may give other bytes; true makes them the same"


def test_one_that_is_has_nothing_to_say(project: Path) -> None:
    write_splits()
    assert train.determinism_warnings(prepared(), deterministic=True) == []
