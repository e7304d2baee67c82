"""Several devices and several processes make one training: the same batches, the same losses, one end."""

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from darkroom.config.named_call import augmentation
from darkroom.core import paths
from darkroom.core.errors import DarkroomError
from darkroom.data import shards
from darkroom.data.shards import Shards
from darkroom.launch.distributed import cluster, devices, watchdog
from darkroom.launch.distributed.cluster import Cluster
from darkroom.launch.distributed.shard import Share
from darkroom.training import batches, setup
from darkroom.training.batches import Batches
from tests.conftest import PLACE, Run
from tests.support import trainings

VARIABLES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID", "SLURM_NTASKS", "SLURM_STEP_NODELIST")


@pytest.mark.parametrize(
    ("share", "images", "rows"),
    [
        (Share(), 7, slice(0, 7)),
        (Share(0, 1, 4), 7, slice(0, 4)),
        (Share(0, 2, 4), 10, slice(0, 4)),
        (Share(1, 2, 4), 10, slice(4, 8)),
        (Share(1, 2, 2), 1, slice(0, 0)),
    ],
)
def test_a_batch_is_shared_out_evenly(share: Share, images: int, rows: slice) -> None:
    assert share.rows(images) == rows


def test_a_last_batch_that_is_too_small_for_all_is_left_out() -> None:
    assert [Share(0, 1, devices).batches(100, 32) for devices in (1, 4, 8)] == [4, 4, 3]
    assert str(Share(1, 2, 4)) == ", 4 devices in 2 processes" and str(Share()) == ""


def test_processes_make_the_rows_of_one_and_no_part_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (41, 12, 12, 1), np.uint8)
    shards.write(tmp_path, iter(images), np.arange(41) % 5)
    monkeypatch.setattr(batches, "PART", 4)
    augment = [augmentation("AlternatingFlip"), augmentation({"Affine": {"rotate": [-20, 20], "p": 0.8}})]

    def of(share: Share) -> Batches:
        return Batches(Shards(tmp_path), 16, 0, augment, np.ones(5, np.float32), PLACE, share)

    alone, both = of(Share()), [of(Share(process, 2, 2)) for process in (0, 1)]
    for batch, size in ((0, 16), (1, 16), (2, 8)):
        for whole, *parts in zip(alone(1, batch), *(it(1, batch) for it in both), strict=True):
            assert np.array_equal(whole[:size], np.concatenate(parts))
    made: list[int] = []
    usual = both[1].augmentation
    both[1].augmentation = lambda images, *rest: made.append(len(images)) or usual(images, *rest)  # type: ignore[assignment,func-returns-value]
    both[1](0, 0)
    assert made == [4, 4]


def test_the_processes_are_those_of_the_options_else_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert cluster.found(Cluster(), "jax") is None
    assert cluster.found(Cluster("a:1", 2, 0), "jax") == Cluster("a:1", 2, 0)
    for wrong, told in (
        (Cluster("nonsense", 1, 0), "several processes: 'nonsense' is not HOST:PORT; each takes --coordinator HOST:PORT"),
        (Cluster("a:1", 2, 5), "several processes: there is no process 5 of 2: they count from 0"),
        (Cluster("a:1", None, 0), "several processes: each takes --coordinator HOST:PORT --processes N --process I, or JAX_"),
    ):
        with pytest.raises(DarkroomError, match=f"^{re.escape(told)}"):
            cluster.found(wrong, "jax")
    monkeypatch.setenv("JAX_NUM_PROCESSES", "4")
    monkeypatch.setenv("JAX_PROCESS_ID", "3")
    assert cluster.found(Cluster("a:1"), "jax") == Cluster("a:1", 4, 3)
    monkeypatch.setenv("JAX_PROCESS_ID", "last")
    with pytest.raises(DarkroomError, match=r"^JAX_PROCESS_ID: 'last' is no number from 0 on$"):
        cluster.found(Cluster("a:1"), "jax")


@pytest.mark.parametrize(
    ("told", "several"),
    [
        ({"SLURM_NTASKS": "2", "SLURM_STEP_NODELIST": "n[1-2]"}, True),
        ({"SLURM_NTASKS": "1", "SLURM_STEP_NODELIST": "n1"}, False),
        ({"SLURM_NTASKS": "2"}, False),  # within sbatch, not under srun
        ({"OMPI_COMM_WORLD_SIZE": "2"}, True),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "JOB_COMPLETION_INDEX": "0"}, True),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, False),
    ],
)
def test_a_cluster_that_starts_several_is_seen(told: dict[str, str], several: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert cluster.found(Cluster(), "jax") == (Cluster() if several else None)
    assert cluster.found(Cluster(), "tensorflow") is None  # it may be one of many trainings, each for itself


def test_what_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(DarkroomError, match=r"models\.m: 30: cannot be shared out evenly to 8 devices; try 32"):
        setup.check_size(30, 100, Share(0, 1, 8), PLACE)
    with pytest.raises(DarkroomError, match=r"data/prepared/train: 5 images for 8 devices: each needs some"):
        setup.check_size(32, 5, Share(0, 1, 8), PLACE)
    one_only = r"training\.backend: tensorflow trains in one process only, jax in several"
    with pytest.raises(DarkroomError, match=one_only), devices.together(Cluster("a:1", 2, 0), "tensorflow"):
        pass


def test_an_error_that_comes_of_a_lost_process_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ValueError("UNKNOWN: Gloo AllGather failed: Connection reset by peer")
    monkeypatch.setattr(devices, "_join", lambda *_: None)
    left: list[int] = []
    monkeypatch.setattr(devices.atexit, "register", lambda _, code: left.append(code))
    with pytest.raises(DarkroomError, match=f"^{re.escape(watchdog.LINE)}$"), devices.together(Cluster("a:1", 2, 0), "jax"):
        raise lost
    with pytest.raises(ValueError, match="Gloo"), devices.together(None, "jax"):
        raise lost
    with pytest.raises(KeyboardInterrupt), devices.together(Cluster("a:1", 2, 0), "jax"):
        raise KeyboardInterrupt
    with devices.together(Cluster("a:1", 2, 0), "jax"):
        pass
    assert left == [1, 130]


FATAL = """a line of ours
E1124 22:34:33.986454 14970 coordination_service_agent.cc:289] Polled an error from coordination service
F1124 22:34:33.986594 14970 client.h:80] Terminating process because the JAX distributed service detected fatal errors.
*** Check failure stack trace: ***
    @     0x7f18357c0634  absl
"""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (f"{watchdog.MET}\n{FATAL}", f"a line of ours\n{watchdog.LINE}\n"),
        (FATAL, f"a line of ours\n{watchdog.NEVER}\n"),
        ("one\ntwo\n", "one\ntwo\n"),
        ("several processes: CoordinationService: GRPC error\n", "several processes: CoordinationService: GRPC error\n"),
        (f"{watchdog.LINE}\n{FATAL}", f"{watchdog.LINE}\na line of ours\n"),
    ],
)
def test_what_jax_says_of_a_lost_process_becomes_one_line(written: str, read: str) -> None:
    command = [sys.executable, "-m", watchdog.__name__]
    done = subprocess.run(command, input=written, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.stderr == read


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test leaves the prepared digits for the others."""
    return tmp_path_factory.mktemp("digits") / "data"


@pytest.fixture
def prepared(project: Path, digits: Path, run: Run) -> None:
    """scikit-learn's digits, as if a mirrored 2 were a 2; one of the 1,293 to train on is left out, or two devices would leave one out of each epoch."""
    trainings.prepare(project)
    trainings.write_params("jax", None)
    paths.PARAMS.write_text(paths.PARAMS.read_text().replace("flip_averaging: false", "flip_averaging: true"))
    if digits.exists():
        shutil.copytree(digits, "data", dirs_exist_ok=True)
        return
    staged(run, "download")
    staged(run, "preprocess")
    train = Shards(paths.prepared("train"))
    shards.write(paths.prepared("train"), iter(train.images(np.arange(1292))), train.labels[:1292])
    shutil.copytree("data", digits)


def staged(run: Run, stage: str, *model: str) -> None:
    done = run(f"pipeline.{stage}", *model)
    assert done.returncode == 0, done.stderr


def losses() -> np.ndarray:
    return pd.read_csv(paths.history("tiny"))[["loss", "val_loss"]].to_numpy()


def trained_by_two(variables: Callable[[int, int], dict[str, str]] | None = None) -> str:
    """By two processes that are told of each other by variables or by options; returns what the first printed."""
    port = trainings.free_port()
    both = [
        trainings.started(variables(process, port) if variables else {}, "pipeline.train", "tiny", *options)
        for process in (0, 1)
        for options in [[] if variables else trainings.by_options(process, port)]
    ]
    told = [one.communicate(timeout=200) for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    assert "Epoch" not in told[1][0] and "process 1 of 2 works; process 0 tells how it goes\n" in told[1][0]
    return told[0][0]


def waiting(process: int, seconds: int) -> "subprocess.Popen[str]":
    """One of two processes, whose other one never comes."""
    wanted = f"Cluster('127.0.0.1:{trainings.free_port()}', 2, {process})"
    code = f"""
from pipeline.training import devices
from darkroom.launch.distributed.cluster import Cluster
devices.MEETING = {seconds}
with devices.together({wanted}, 'jax'):
    print("met")
"""
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.tensorflow
@pytest.mark.parametrize("process", [0, 1])
def test_one_that_waits_in_vain_says_so(process: int) -> None:
    one = waiting(process, 2)
    told, errors = one.communicate(timeout=60)
    assert one.returncode != 0 and told == "waits up to 2 s for all of 2 processes\n"
    assert errors.splitlines()[-1] == watchdog.NEVER and "absl" not in errors


@pytest.mark.tensorflow
def test_ctrl_c_ends_one_that_waits() -> None:
    one = waiting(1, 100)
    assert one.stdout.readline() == "waits up to 100 s for all of 2 processes\n"  # type: ignore[union-attr]
    time.sleep(2)
    one.send_signal(signal.SIGINT)
    one.communicate(timeout=20)
    assert one.returncode == -signal.SIGINT


@pytest.mark.tensorflow
@pytest.mark.usefixtures("prepared")
def test_two_devices_and_two_processes_learn_as_one_does(run: Run) -> None:
    trainings.trained(run)
    alone = losses()
    assert ", 2 devices in 1 process, " in trainings.trained(run, JAX_NUM_CPU_DEVICES="2")
    assert len(alone) >= 3 and np.allclose(losses(), alone, rtol=1e-4, atol=0)
    assert ", 2 devices in 2 processes, " in trained_by_two()
    assert np.allclose(losses(), alone, rtol=1e-4, atol=0)
    staged(run, "export", "tiny")
    staged(run, "verify", "tiny")


@pytest.mark.tensorflow
@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("dead", [0, 1])
def test_one_of_two_killed_ends_the_other_and_a_rerun_resumes(dead: int) -> None:
    port = trainings.free_port()
    one = trainings.started(trainings.by_variables(dead, port), "tests.support.kill", "tiny", "2.1")
    other = trainings.started(trainings.by_variables(1 - dead, port), "pipeline.train", "tiny")
    one.communicate(timeout=200)
    _, errors = other.communicate(timeout=60)
    assert other.returncode != 0 and errors.splitlines()[-1] == watchdog.LINE and "absl" not in errors
    assert "tiny: resumes in epoch 3\n" in trained_by_two([trainings.by_variables, trainings.by_slurm][dead])
    assert len(losses()) >= 3 and not paths.state("tiny").exists()


@pytest.mark.tensorflow
@pytest.mark.usefixtures("prepared")
def test_ctrl_c_in_one_of_two_ends_both() -> None:
    """In the second one, which does not write; the first says what it says of a process that died."""
    port = trainings.free_port()
    first, second = (trainings.started(trainings.by_variables(process, port), "pipeline.train", "tiny") for process in (0, 1))
    while not first.stdout.readline().startswith("Epoch 2/"):  # type: ignore[union-attr]
        assert first.poll() is None
    second.send_signal(signal.SIGINT)
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 130 and errors.splitlines()[-1].startswith("interrupted; `dvc repro` goes on in epoch ")
    _, errors = first.communicate(timeout=60)
    assert first.returncode != 0 and errors.splitlines()[-1] == watchdog.LINE
