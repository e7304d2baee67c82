"""The train stage: what it writes, and what it leaves and says when it breaks off."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.training import keras_file
from pipeline import export, train
from tests.conftest import HANGS_S, ROOT, WORKSPACE
from tests.support.setups import answers, interrupt, loss, write_splits

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def splits(project: Path) -> None:
    write_splits()


def test_a_loss_that_is_no_number_is_one_line_and_the_best_state_is_kept() -> None:
    text = (ROOT / "tests/smoke.yaml").read_text().replace("callbacks: [E", "callbacks: [] # [E")
    rate = "{PiecewiseConstantDecay: {boundaries: [2 epochs], values: [0.01, 3.0e+38]}}"
    WORKSPACE.params.write_text(text.replace("{CosineDecay: {initial_learning_rate: 0.01, decay_steps: 3 epochs}}", rate))
    with pytest.raises(DarkroomError) as refused:
        train.main(["tiny"])
    line = str(refused.value)
    assert line.startswith("params.yaml:") and "models.tiny.fit: the loss is NaN or infinite in epoch 3; lower the" in line
    assert "the best state so far (epoch " in line and line.endswith(f"is in {WORKSPACE.best('tiny')}")
    assert "\n" not in line
    assert np.isfinite(answers(keras_file.load(WORKSPACE.best("tiny")))).all()
    assert not WORKSPACE.keras("tiny").exists()


def test_ctrl_c_keeps_the_best_state_and_says_how_to_resume(monkeypatch: pytest.MonkeyPatch) -> None:
    WORKSPACE.params.write_text((ROOT / "tests/smoke.yaml").read_text())
    interrupt(monkeypatch, 1)
    best = r"the best state so far \(epoch 1, val_accuracy 0\.\d+\) is in models/tiny/best\.keras"
    with pytest.raises(KeyboardInterrupt, match=f"^{best}; `dvc repro` resumes in epoch 2$"):
        train.main(["tiny"])
    assert WORKSPACE.best("tiny").exists()


ON_JAX = """
import sys
from darkroom.commands import lr_finder
from pipeline import train
train.main(["tiny"])
lr_finder.main(["tiny", "--steps", "5"])
assert "tensorflow" not in sys.modules
"""


def test_the_same_code_trains_on_jax_and_its_model_exports() -> None:
    text = (ROOT / "tests/smoke.yaml").read_text().replace("backend: tensorflow", "backend: jax")
    text = text.replace("error_rate: 0.05", "error_rate: null").replace("warmup: null", "warmup: 20 %")
    optimizer = "optimizer: {Muon: {learning_rate: 0.01, use_ema: true, ema_momentum: 0.9}}"
    text = re.sub(r"optimizer: .*", optimizer, text).replace("p: 0.5}]", "p: 0.5}, MixUp: {alpha: 0.4}, CutMix]")
    classes = [str(digit) for digit in range(10)]
    artifacts.write_json(WORKSPACE.data_summary, {"classes": classes, "title": "Test", "licence": "MIT"})
    WORKSPACE.params.write_text(text)
    ended = subprocess.run([sys.executable, "-c", ON_JAX], capture_output=True, text=True, timeout=HANGS_S)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "JAX" in ended.stdout and "the loss falls fastest at" in ended.stdout
    assert len(pd.read_csv(WORKSPACE.lr_finder("tiny", "csv"))) == 5
    losses = pd.read_csv(WORKSPACE.history("tiny"))["val_loss"]
    on_tensorflow = loss(keras_file.load(WORKSPACE.keras("tiny")))
    assert losses.min() == pytest.approx(on_tensorflow, rel=1e-4)  # of the averaged weights, and the best of them
    export.main(["tiny"])
    assert WORKSPACE.candidate("tiny").exists()


def test_a_model_that_params_yaml_does_not_name_is_one_line() -> None:
    WORKSPACE.params.write_text((ROOT / "tests/smoke.yaml").read_text())
    with pytest.raises(DarkroomError, match=r"^params.yaml:\d+: models.tin: no such model; there are tiny$"):
        train.main(["tin"])
