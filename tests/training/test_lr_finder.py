"""The learning-rate range test."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkroom import config
from darkroom.core.errors import DarkroomError
from darkroom.training import lr_finder
from tests.conftest import ROOT, WORKSPACE
from tests.support.setups import write_splits

pytestmark = pytest.mark.tensorflow


def test_the_steepest_fall_by_hand() -> None:
    rates = np.geomspace(1e-4, 1, 9)
    table = pd.DataFrame({"learning_rate": rates, "loss": [2.3, 2.3, 2.2, 1.6, 1.0, 0.9, 0.88, 2.0, 9.0]})
    assert lr_finder.steepest(table) == pytest.approx(rates[3])


def test_it_ends_where_the_loss_diverges(project: Path) -> None:
    write_splits()
    WORKSPACE.params.write_text((ROOT / "tests/smoke.yaml").read_text())
    curve, steepest = lr_finder.range_test("tiny", config.load(WORKSPACE), WORKSPACE, (1e-5, 1e9), 60)
    assert curve["learning_rate"].is_monotonic_increasing and curve["learning_rate"].iloc[0] == pytest.approx(1e-5)
    assert 10 < len(curve) < 60 and steepest in curve["learning_rate"].tolist()


def test_a_loss_that_is_infinite_from_the_start_is_refused(project: Path) -> None:
    write_splits()
    too_large = "    layers:\n" + 2 * "      - Rescaling: {scale: 1.0e+38}\n"
    WORKSPACE.params.write_text((ROOT / "tests/smoke.yaml").read_text().replace("    layers:\n", too_large))
    with pytest.raises(DarkroomError, match=r"models.tiny.fit: the loss is NaN or infinite even at a learning rate of 1e-05$"):
        lr_finder.range_test("tiny", config.load(WORKSPACE), WORKSPACE, (1e-5, 1), 5)
