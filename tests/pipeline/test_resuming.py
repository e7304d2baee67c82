"""Killed and run again, a training ends with the bytes of an unbroken one, or says why it begins anew."""

import re
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkroom.config import vocabulary
from darkroom.core import artifacts, paths
from darkroom.core.errors import DarkroomError
from darkroom.data import shards
from darkroom.launch import backend, checkpoint_file
from tests.conftest import Run
from tests.support import trainings
from tests.support.trainings import ended, killed, trained, write_params

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def prepared(project: Path) -> None:
    trainings.prepare(project)


@cache
def unbroken(backend: str, run: Run) -> dict[str, bytes]:
    """What a training that is left alone writes."""
    write_params(backend, None)
    trained(run)
    assert len(paths.history("tiny").read_text().splitlines()) == 1 + 5  # stopped early
    return ended()


@pytest.mark.parametrize(
    ("backend", "every", "moments"),
    [("tensorflow", None, ("0.3", "1.2", "write.1", "2.4", "4.1")), ("jax", 2, ("0.3", "write.1"))],
)
def test_killed_at_any_moment_the_same_bytes(backend: str, every: int | None, moments: tuple[str, ...], run: Run) -> None:
    whole = unbroken(backend, run)
    write_params(backend, every)
    for moment in moments:
        killed(run, moment)
        told = trained(run)
        assert ("tiny: resumes in epoch " in told) is (every is not None or moment != "0.3")
        assert ended() == whole, moment


def test_killed_again_and_again(run: Run) -> None:
    whole = unbroken("tensorflow", run)
    write_params("tensorflow", 2)
    for moment in ("0.3", "1.1", "1.4", "3.3"):
        killed(run, moment)
    assert "tiny: resumes in epoch 4 behind 2 batches" in trained(run)
    assert ended() == whole


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_ctrl_c_is_heard_wherever_it_comes(backend: str) -> None:
    write_params(backend, None)
    paths.PARAMS.write_text(
        re.sub("epochs: 8", "epochs: 800", paths.PARAMS.read_text()).replace("patience: 4", "patience: 800")
    )
    paths.PARAMS.write_text(paths.PARAMS.read_text().replace("decay_steps: 7 epochs", "decay_steps: 800 epochs"))
    command = [sys.executable, "-m", "pipeline.train", "tiny"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as training:
        while not training.stdout.readline().startswith("Epoch 3/"):  # type: ignore[union-attr]
            assert training.poll() is None
        training.send_signal(signal.SIGINT)
        _, errors = training.communicate(timeout=60)
    assert training.returncode == 130
    assert re.fullmatch(
        r"interrupted; the best state so far \(.*\) is in models/tiny/best\.keras; `dvc repro` goes on in epoch \d+\n", errors
    )


@cache
def left_by_a_kill(run: Run) -> bytes:
    killed(run, "1.0")
    return paths.state("tiny").read_bytes()


def changed(path: str, old: str, new: str) -> None:
    text = Path(path).read_text()
    assert old in text
    Path(path).write_text(text.replace(old, new, 1))


CHANGES: dict[str, tuple[str, str, str, str]] = {
    "a parameter": ("params.yaml", "rate: 0.1", "rate: 0.2", "models.tiny.layers[4].Dropout.rate: 0.1 then, 0.2 now"),
    "the seed": ("params.yaml", "seed: 0", "seed: 1", "seed: 0 then, 1 now"),
    "code": ("pipeline/training/network.py", "1 / 255", "1 / 256", "pipeline/training/network.py: "),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_training_begins_anew_and_says_why(change: str, run: Run) -> None:
    path, old, new, line = CHANGES[change]
    artifacts.write_bytes(paths.state("tiny"), left_by_a_kill(run))
    changed(path, old, new)
    told = trained(run)
    assert f"tiny: begins anew, {line}" in told and "resumes" not in told
    assert len(paths.history("tiny").read_text().splitlines()) > 1 and not paths.state("tiny").exists()


def test_other_data_begin_anew(run: Run) -> None:
    artifacts.write_bytes(paths.state("tiny"), left_by_a_kill(run))
    labels = np.arange(150) % 10
    shards.write(paths.prepared("train"), iter(np.zeros((150, 8, 8, 1), np.uint8)), labels)
    assert "tiny: begins anew, data/prepared/train: " in trained(run)


def test_a_damaged_state_is_told_and_not_used(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    content = left_by_a_kill(run)
    belongs = checkpoint_file.read(content, paths.state("tiny")).belongs
    assert checkpoint_file.found(content[: len(content) // 2], paths.state("tiny"), belongs, "tiny") is None
    assert "tiny: begins anew: models/tiny/state.npz: damaged (" in capsys.readouterr().out
    kept = checkpoint_file.found(content, paths.state("tiny"), belongs, "tiny")
    assert kept is not None and kept.epoch == 1 and capsys.readouterr().out == "tiny: resumes in epoch 2\n"


CALLBACKS: dict[str, dict[str, Any]] = {
    "EarlyStopping": {"patience": 3, "min_delta": 0.01, "restore_best_weights": True},
    "ReduceLROnPlateau": {"patience": 2, "min_delta": 0.01, "cooldown": 1},
    "TerminateOnNaN": {},
}


@pytest.mark.parametrize("name", vocabulary.callbacks())
@pytest.mark.parametrize("broken", range(1, 7))
def test_every_callback_that_may_be_named_goes_on(name: str, broken: int, tmp_path: Path) -> None:
    backend.start(0)
    import keras

    from darkroom.training.callbacks.checkpoint import remembered

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])

    def made() -> Any:
        callback = getattr(keras.callbacks, name)(**CALLBACKS[name])
        callback.set_model(model)
        callback.on_train_begin()
        return callback

    def gone_on(breaks: int | None) -> tuple[Any, float]:
        model.compile(keras.optimizers.SGD(1.0), "mse")
        callback = made()
        for epoch, loss in enumerate([1.0, 0.5, 0.495, 0.504, 0.3, 0.305, 0.299, 0.301]):
            if epoch == breaks:
                checkpoint_file.write(tmp_path / "s.npz", checkpoint_file.State(epoch, 0, [], [remembered(callback)], {}))
                callback = made()
                vars(callback).update(checkpoint_file.read((tmp_path / "s.npz").read_bytes(), Path("s.npz")).callbacks[0])
            callback.on_epoch_end(epoch, {"loss": loss, "val_loss": loss})
        known = {key: value for key, value in remembered(callback).items() if key != "best_weights"}
        return known, float(model.optimizer.learning_rate)

    assert gone_on(broken) == gone_on(None)


def test_another_device_or_another_library_begins_anew(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    here = checkpoint_file.on(checkpoint_file.belonging("tiny"), "the CPU")
    checkpoint_file.write(tmp_path / "s.npz", checkpoint_file.State(1, 0, [], [], here))
    content = (tmp_path / "s.npz").read_bytes()
    assert checkpoint_file.found(content, Path("s.npz"), here, "tiny") is not None
    assert checkpoint_file.found(content, Path("s.npz"), checkpoint_file.on(here, "the GPU"), "tiny") is None
    newer = {**here, "params": {**here["params"], "libraries": {**here["params"]["libraries"], "keras": "9"}}}
    assert checkpoint_file.found(content, Path("s.npz"), newer, "tiny") is None
    told = capsys.readouterr().out
    assert 'tiny: begins anew, device: "the CPU" then, "the GPU" now\n' in told
    assert re.search(r'tiny: begins anew, libraries\.keras: "[\d.]+" then, "9" now\n', told)


def test_processes_must_be_alike() -> None:
    here = {"params": {"seed": 0, "device": "a"}, "deps": {"data/prepared/train": "1"}}
    checkpoint_file.check_alike({"params": {"seed": 0, "device": "b"}, "deps": {"data/prepared/train": "1"}}, here)
    with pytest.raises(DarkroomError, match=r"^data/prepared/train: 2 in the first process, 1 here$"):
        checkpoint_file.check_alike({**here, "deps": {"data/prepared/train": "2"}}, here)


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    memory: dict[str, Any] = {"best": float("inf"), "wait": 2, "weights": [np.arange(3), np.float32([0.1])], "none": None}
    whole = checkpoint_file.State(
        3, 7, [np.float32([[1, 2]]), np.uint32([3])], [memory, {}], {"params": {"seed": 0}, "deps": {}}
    )
    checkpoint_file.write(tmp_path / "s.npz", whole)
    found = checkpoint_file.read((tmp_path / "s.npz").read_bytes(), tmp_path / "s.npz")
    assert (found.epoch, found.batch, found.belongs) == (3, 7, whole.belongs)
    for one, other in zip(found.variables, whole.variables, strict=True):
        assert one.dtype == other.dtype and np.array_equal(one, other)
    assert found.callbacks[0]["best"] == float("inf") and found.callbacks[0]["none"] is None and found.callbacks[1] == {}
    assert [it.dtype for it in found.callbacks[0]["weights"]] == [np.int64, np.float32]
    for content in (b"", b"PK\x03\x04", b"\x93NUMPY"):
        with pytest.raises(DarkroomError, match=r"s.npz: damaged \("):
            checkpoint_file.read(content, tmp_path / "s.npz")
