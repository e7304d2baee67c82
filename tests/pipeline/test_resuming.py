"""Killed and run again, a training ends with the bytes of an unbroken one, or says why it restarts from scratch."""

import re
import signal
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from darkroom.core import artifacts
from darkroom.data import shards
from tests.conftest import WORKSPACE, Run
from tests.support import trainings
from tests.support.trainings import killed, started, trained, write_params, written

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def prepared(project: Path) -> None:
    trainings.prepare(project)


@cache
def unbroken(backend: str, run: Run) -> dict[str, bytes]:
    """What a training that is left alone writes."""
    write_params(backend, None)
    trained(run)
    assert len(WORKSPACE.history("tiny").read_text().splitlines()) == 1 + 5  # stopped early
    return written()


@pytest.mark.parametrize(
    ("backend", "every", "moments"),
    [("tensorflow", None, ("0.3", "1.2", "write.1", "2.4", "4.1")), ("jax", 2, ("0.3", "write.1"))],
)
def test_killed_at_any_moment_the_same_bytes(backend: str, every: int | None, moments: tuple[str, ...], run: Run) -> None:
    whole = unbroken(backend, run)
    write_params(backend, every)
    for moment in moments:
        killed(run, moment)
        output = trained(run)
        assert ("tiny: resumes in epoch " in output) is (every is not None or moment != "0.3")
        assert written() == whole, moment


def test_killed_again_and_again(run: Run) -> None:
    whole = unbroken("tensorflow", run)
    write_params("tensorflow", 2)
    for moment in ("0.3", "1.1", "1.4", "3.3"):
        killed(run, moment)
    assert "tiny: resumes in epoch 4 after 2 batches" in trained(run)
    assert written() == whole


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_ctrl_c_between_two_batches_keeps_the_best_state(backend: str) -> None:
    write_params(backend, None)
    for old, new in (("epochs: 8", "epochs: 800"), ("patience: 4", "patience: 800"), ("steps: 7 epochs", "steps: 800 epochs")):
        changed("params.yaml", old, new)
    with started({}, "pipeline.train", "tiny") as training:
        while not training.stdout.readline().startswith("Epoch 3/"):  # type: ignore[union-attr]
            assert training.poll() is None
        training.send_signal(signal.SIGINT)
        _, errors = training.communicate(timeout=60)
    assert training.returncode == 130
    assert re.fullmatch(
        r"interrupted; the best state so far \(.*\) is in models/tiny/best\.keras; `dvc repro` resumes in epoch \d+\n", errors
    )


@cache
def left_by_a_kill(run: Run) -> bytes:
    killed(run, "1.0")
    return WORKSPACE.checkpoint("tiny").read_bytes()


def changed(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new, 1))


CHANGES: dict[str, tuple[str, str, str, str]] = {
    "a parameter": ("params.yaml", "rate: 0.1", "rate: 0.2", "models.tiny.layers[4].Dropout.rate: 0.1 then, 0.2 now"),
    "the seed": ("params.yaml", "seed: 0", "seed: 1", "seed: 0 then, 1 now"),
    "code": ("darkroom/training/network.py", "1 / 255", "1 / 256", "darkroom.training.network: "),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_training_restarts_from_scratch_and_says_why(change: str, run: Run) -> None:
    path, old, new, line = CHANGES[change]
    artifacts.write_bytes(WORKSPACE.checkpoint("tiny"), left_by_a_kill(run))
    changed(path, old, new)
    output = trained(run)
    assert re.search(rf"^tiny: restarts from scratch, {re.escape(line)}", output, re.MULTILINE) and "resumes" not in output
    assert len(WORKSPACE.history("tiny").read_text().splitlines()) > 1 and not WORKSPACE.checkpoint("tiny").exists()


def test_other_data_restart_from_scratch(run: Run) -> None:
    artifacts.write_bytes(WORKSPACE.checkpoint("tiny"), left_by_a_kill(run))
    labels = np.arange(150) % 10
    shards.write(WORKSPACE.split("train"), iter(np.zeros((150, 8, 8, 1), np.uint8)), labels)
    assert "tiny: restarts from scratch, data/prepared/train: " in trained(run)


def test_a_comment_in_the_code_restarts_nothing(run: Run) -> None:
    artifacts.write_bytes(WORKSPACE.checkpoint("tiny"), left_by_a_kill(run))
    changed("darkroom/training/network.py", '"logits"\n', '"logits"  # their name\n')
    assert "tiny: resumes in epoch 2\n" in trained(run)
