"""Killed and run again, a training ends with the bytes of an unbroken one, or says why it restarts from scratch.

The unbroken one makes its batches in one thread, the others in three.
"""

import re
import signal
from pathlib import Path

import numpy as np
import pytest

from darkroom.data import shards
from darkroom.training import train as training
from tests.conftest import HANGS_S, WORKSPACE, Run
from tests.support import trainings
from tests.support.setups import interrupt, train_here
from tests.support.trainings import killed, started, trained, write_params, written

pytestmark = pytest.mark.tensorflow
KILL, STOP = "SIGKILL", "SIGINT"
EXIT_CODES = {KILL: -signal.SIGKILL, STOP: 130}
BEST = r"interrupted; the best state so far \(.*\) is in models/tiny/best\.keras; `dvc repro` resumes in epoch "

# of a training that is ended again and again: batches between two checkpoints, moment, signal, where the next run resumes
ENDS = {
    "tensorflow": [
        (2, "write.1", KILL, "1 after 2 batches"),
        (None, "2.4", KILL, "3"),
        (2, "4.3", STOP, "5 after 4 batches"),
    ],
    "jax": [(2, "write.1", KILL, "1 after 2 batches"), (2, "2.1", STOP, "3 after 2 batches")],
}


@pytest.fixture(autouse=True)
def prepared(project: Path) -> None:
    trainings.prepare()


@pytest.mark.parametrize("backend", ENDS)
def test_ended_at_any_moment_the_same_bytes(backend: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def complete() -> str:
        """Trains to the end, on TensorFlow without another process."""
        if backend == "jax":
            return trained(run)
        train_here()
        return capsys.readouterr().out

    write_params(backend, None, workers=0)
    assert "resumes" not in complete()
    assert len(WORKSPACE.history("tiny").read_text().splitlines()) == 1 + 5  # stopped early
    unbroken = written()
    place = None
    for every, moment, sent, following in ENDS[backend]:
        write_params(backend, every)
        ended = killed(run, moment, sent)
        assert ended.returncode == EXIT_CODES[sent], ended.stderr
        assert re.findall("^tiny: resumes in epoch (.+)$", ended.stdout, re.MULTILINE) == [place] * (place is not None)
        assert sent == KILL or re.fullmatch(f"{BEST}{following}\n", ended.stderr)
        place = following
    write_params(backend, None)
    assert f"tiny: resumes in epoch {place}\n" in complete()
    assert written() == unbroken


def test_ctrl_c_within_a_batch_ends_jax_between_two() -> None:
    """At no certain moment: JAX waits inside a bare `except` of Keras, which would swallow the interrupt."""
    write_params("jax", None)
    for old, new in (("epochs: 8", "epochs: 800"), ("patience: 4", "patience: 800"), ("steps: 7 epochs", "steps: 800 epochs")):
        changed("params.yaml", old, new)
    process = started({}, "pipeline.train", "tiny")
    try:
        while not process.stdout.readline().startswith("Epoch 3/"):  # type: ignore[union-attr]
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=HANGS_S)
    finally:
        process.kill()
    assert process.returncode == 130 and re.fullmatch(rf"{BEST}\d+\n", errors)


def changed(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new, 1))


class FirstBatch(Exception):  # noqa: N818
    """It would come next."""


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines about the checkpoint, which a training prints before its first batch."""

    def begin(*_: object) -> None:
        raise FirstBatch

    capsys.readouterr()
    with monkeypatch.context() as patch, pytest.raises(FirstBatch):
        patch.setattr(training, "run_fit", begin)
        train_here()
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("tiny: re")]


CHANGES = [
    ("params.yaml", "rate: 0.1", "rate: 0.2", "models.tiny.layers[4].Dropout.rate: 0.1 then, 0.2 now"),
    ("params.yaml", "seed: 0", "seed: 1", "seed: 0 then, 1 now"),
    ("darkroom/training/network.py", "1 / 255", "1 / 256", "darkroom.training.network: "),
]


def test_another_training_restarts_from_scratch_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        interrupt(patch, 1)
        train_here()
    for path, old, new, reason in CHANGES:
        changed(path, old, new)
        (line,) = said(capsys, monkeypatch)
        assert line.startswith(f"tiny: restarts from scratch, {reason}")
        changed(path, new, old)
    changed("darkroom/training/network.py", '"logits"\n', '"logits"  # their name\n')
    assert said(capsys, monkeypatch) == ["tiny: resumes in epoch 2"]  # a comment is no reason
    shards.write(WORKSPACE.split("train"), iter(np.zeros((150, 8, 8, 1), np.uint8)), np.arange(150) % 10)
    (line,) = said(capsys, monkeypatch)
    assert line.startswith("tiny: restarts from scratch, data/prepared/train: ")
    train_here()
    assert WORKSPACE.history("tiny").read_text().splitlines()[1].startswith("1,") and not WORKSPACE.checkpoint("tiny").exists()
