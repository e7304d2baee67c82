"""What determinism and checkpoints cost: training with and without them, in alternating epochs.

    python -m benchmarks.determinism [--models classical cnn] [--images 12800] [--rounds 5] [--steps 20]

Each variant trains in a process of its own and waits for its turn at the start of each epoch. An epoch is timed to the start of
the next one, so validation and all callbacks are included. The first round is not counted. Writes
benchmarks/determinism.json. Needs data/prepared (`dvc repro preprocess`).
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import PIPE

from benchmarks import machine, subset
from benchmarks.ratios import ratio
from darkroom import config
from darkroom.core import artifacts
from darkroom.core.workspace import Workspace
from darkroom.launch import backend

COLUMNS = ["model", "way", "s an epoch (median of the rounds)", "time of a round (median, lowest to highest)"]
FREE, SAME, KEPT, OFTEN = "free", "deterministic", "kept", "often"
DESCRIPTIONS = {
    FREE: "deterministic: false, no checkpoint",
    SAME: "deterministic: true, no checkpoint",
    KEPT: "deterministic: true, checkpoint and weight trace after each epoch, as the stage does",
    OFTEN: "the same, and a checkpoint every {steps} batches",
}
AGAINST = {SAME: FREE, KEPT: SAME, OFTEN: SAME}


def main() -> None:
    """Measures round by round and writes the table; as a worker, trains one variant."""
    workspace = Workspace.at()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["classical", "cnn"], choices=list(config.load(workspace).models))
    parser.add_argument("--images", type=int, default=12800)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--way", choices=list(DESCRIPTIONS), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        work(workspace, chosen)
        return
    content = {
        "title": f"Determinism and resuming, {chosen.rounds} interleaved rounds of {chosen.images} images",
        "columns": COLUMNS,
        "rows": [row for model in chosen.models for row in measured(model, chosen)],
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.determinism", *sys.argv[1:]]),
    }
    artifacts.write_json(workspace.benchmark("determinism"), content)
    print(*content["rows"], sep="\n")


def measured(model: str, chosen: argparse.Namespace) -> list[list[str]]:
    """The rows of one model."""
    with ExitStack() as stack:
        workers = {way: stack.enter_context(worker(model, way, chosen)) for way in DESCRIPTIONS}
        rounds = [{way: epoch(process) for way, process in workers.items()} for _ in range(chosen.rounds + 1)][1:]
    rows = []
    for way, description in DESCRIPTIONS.items():
        median = statistics.median(seconds[way] for seconds in rounds)
        other = AGAINST.get(way)
        relative = "1"
        if other:
            ratios = [seconds[way] / seconds[other] for seconds in rounds]
            relative = f"{ratio(ratios)} of {DESCRIPTIONS[other]}"
        rows.append([model, description.format(steps=chosen.steps), f"{median:.2f}", relative])
    return rows


@contextmanager
def worker(model: str, way: str, chosen: argparse.Namespace) -> Iterator["subprocess.Popen[str]"]:
    """Starts a training in a process of its own, which waits for its turns."""
    options = ["--images", str(chosen.images), "--rounds", str(chosen.rounds), "--steps", str(chosen.steps)]
    command = [sys.executable, "-m", "benchmarks.determinism", "--models", model, "--way", way, *options]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        yield process
        process.kill()


def epoch(process: "subprocess.Popen[str]") -> float:
    """Lets a training run its next epoch; its seconds."""
    print("go", file=process.stdin, flush=True)
    while not (line := process.stdout.readline()).startswith("took "):  # type: ignore[union-attr]
        if not line:
            sys.exit("a training ended early; its errors are printed above")
    return float(line.split()[1])


def work(workspace: Workspace, chosen: argparse.Namespace) -> None:
    """One training, which prints how long each epoch took."""
    (name,), deterministic, kept = chosen.models, chosen.way != FREE, chosen.way in (KEPT, OFTEN)
    backend.configure(config.load(workspace).training.backend, deterministic)
    with backend.quiet_import():
        from benchmarks import clock
    with tempfile.TemporaryDirectory() as folder:
        data = subset.write(workspace, Path(folder), chosen.images)
        clock.train(name, data, chosen.rounds + 1, deterministic, kept, chosen.steps if chosen.way == OFTEN else None)


if __name__ == "__main__":
    main()
