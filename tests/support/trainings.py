"""A small training with everything that has state: dropout, augmentation, MixUp, EMA, early stopping, two workers."""

import os
import socket
import subprocess
import sys
from subprocess import PIPE

import numpy as np

from darkroom.core import artifacts
from darkroom.data import shards
from tests.conftest import ROOT, WORKSPACE, Run

FIT = """    fit:
      epochs: 8
      batch_size: 32
      optimizer: {AdamW: {learning_rate: {CosineDecay: {initial_learning_rate: 0.01, decay_steps: 7 epochs}}, use_ema: true}}
      warmup: 1 epochs
      loss: {CategoricalCrossentropy: {label_smoothing: 0.1}}
      class_weight: null
      callbacks: [EarlyStopping: {monitor: val_loss, min_delta: 0.1, patience: 4, restore_best_weights: true}]
"""


def prepare() -> None:
    """150 images in 5 batches per epoch; the loss falls too little for early stopping, which ends it after epoch 5 of 8."""
    draw = np.random.default_rng(0)
    labels = np.arange(150) % 10
    images = (draw.integers(0, 60, (150, 8, 8, 1)) + 15 * labels[:, None, None, None]).astype(np.uint8)
    for split in ("train", "validation"):
        shards.write(WORKSPACE.split(split), iter(images), labels)
    artifacts.write_json(WORKSPACE.classes, {"classes": [str(digit) for digit in range(10)]})
    write_params("tensorflow", None)


def write_params(backend: str, every: int | None, workers: int = 2) -> None:
    text = (ROOT / "tests" / "smoke.yaml").read_text()
    head, rest = text.split("    fit:\n")
    tail = rest[rest.index("export:") :]
    chosen = (
        f"backend: {backend}, precision: float32, deterministic: true, workers: {workers}, checkpoint_steps: {every or 'null'}"
    )
    start = head.index("training: {")
    head = head[:start] + f"training: {{{chosen}}}" + head[head.index("\n", start) :]
    WORKSPACE.params.write_text(head.replace("p: 0.5}]", "p: 0.5}, MixUp]") + FIT + tail)


def written() -> dict[str, bytes]:
    """The files that the training wrote."""
    assert not WORKSPACE.checkpoint("tiny").exists()
    paths = (of_model("tiny") for of_model in (WORKSPACE.keras, WORKSPACE.history, WORKSPACE.weight_trace))
    return {str(path): path.read_bytes() for path in paths}


def killed(run: Run, *moment: str) -> "subprocess.CompletedProcess[str]":
    """Kills a training; then removes its outputs, as DVC does before it reruns the stage."""
    done = run("tests.support.kill", "tiny", *moment, PYTHONPATH=str(ROOT))
    for of_model in (WORKSPACE.keras, WORKSPACE.history, WORKSPACE.weight_trace, WORKSPACE.layers, WORKSPACE.augmented):
        of_model("tiny").unlink(missing_ok=True)
    return done


def trained(run: Run, **environment: str) -> str:
    done = run("pipeline.train", "tiny", **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def by_variables(process: int, port: int) -> dict[str, str]:
    """JAX's environment variables for one of two processes on loopback."""
    return {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{port}", "JAX_NUM_PROCESSES": "2", "JAX_PROCESS_ID": str(process)}


def by_slurm(process: int, port: int) -> dict[str, str]:
    """The same as variables of a SLURM step."""
    step = {"SLURM_JOB_ID": "1", "SLURM_STEP_NODELIST": "127.0.0.1", "SLURM_NTASKS": "2", "JAX_COORDINATOR_PORT": str(port)}
    return {**step, "SLURM_PROCID": str(process), "SLURM_LOCALID": str(process)}


def by_options(process: int, port: int) -> list[str]:
    """The same as options of the stage."""
    return ["--coordinator", f"127.0.0.1:{port}", "--processes", "2", "--process", str(process)]


def started(variables: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    """`python -m ...` with these environment variables, in the background."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.Popen([sys.executable, "-m", *words], env=environment, stdout=PIPE, stderr=PIPE, text=True)


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port
