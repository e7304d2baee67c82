"""What is printed before a training begins."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from darkroom.training import train
from tests.support.setups import prepared, write_splits

pytestmark = pytest.mark.tensorflow


def test_a_nondeterministic_training_is_announced() -> None:
    (line,) = train.determinism_warnings(SimpleNamespace(), deterministic=False)
    assert line == "training.deterministic: false: another run may produce different bytes; true makes them identical"


def test_a_deterministic_training_needs_no_warning(project: Path) -> None:
    write_splits()
    assert train.determinism_warnings(prepared(), deterministic=True) == []
