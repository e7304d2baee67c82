"""The command writes the curve and names the rate.

The range test itself is tested in tests/training/test_lr_finder.py, and the command on JAX in tests/pipeline/test_train.py.
"""

import re
from pathlib import Path

import pandas as pd
import pytest

from darkroom.commands import lr_finder
from tests.conftest import ROOT, WORKSPACE
from tests.support.setups import write_splits

pytestmark = pytest.mark.tensorflow


def test_the_curve_is_written_and_the_rate_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_splits()
    WORKSPACE.params.write_text((ROOT / "tests/smoke.yaml").read_text())
    lr_finder.main(["tiny", "--steps", "6"])
    curve = pd.read_csv(WORKSPACE.lr_finder("tiny", "csv"))
    assert list(curve.columns) == ["learning_rate", "loss"] and len(curve) == 6
    assert WORKSPACE.lr_finder("tiny", "svg").read_text().startswith("<svg")
    *_, last = capsys.readouterr().out.splitlines()
    line = r"the loss falls fastest at [\d.e-]+ and is lowest at [\d.e-]+: see reports/lr_finder/tiny\.svg"
    assert re.fullmatch(line, last)


@pytest.mark.parametrize("options", [["--lowest", "2"], ["--lowest", "0"], ["--steps", "0"]])
def test_a_wrong_option_is_wrong_usage(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        lr_finder.main(["tiny", *options])
    assert "usage: darkroom lr-finder" in capsys.readouterr().err
