"""What it costs to give the same bytes and to be able to go on after a kill: training with and without, in turn.

    python -m benchmarks.determinism [--models classical cnn] [--images 12800] [--rounds 5] [--steps 20]

Each way is a training of its own, in a process of its own, that waits at the begin of each epoch until it is its turn; the
clock runs until it is there again, with validation and all callbacks. The first round is not counted. Writes
benchmarks/determinism.json. Needs data/prepared (`dvc repro preprocess`).
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from benchmarks.ratios import ratio
from benchmarks.training import first
from darkroom import config
from darkroom.core import artifacts, paths
from darkroom.data.shards import Shards
from darkroom.launch import backend
from darkroom.training import fit, setup

if TYPE_CHECKING:
    from darkroom.training.callbacks.checkpoint import Checkpoint
    from darkroom.training.fit import Watch

COLUMNS = ["model", "way", "s an epoch (median of the rounds)", "time of a round (median, lowest to highest)"]
FREE, SAME, KEPT, OFTEN = "free", "deterministic", "kept", "often"
WORDS = {
    FREE: "deterministic: false, no state is kept",
    SAME: "deterministic: true, no state is kept",
    KEPT: "deterministic: true, state and trace behind each epoch, as the stage does",
    OFTEN: "the same, and a state every {steps} batches",
}
AGAINST = {SAME: FREE, KEPT: SAME, OFTEN: SAME}


def main() -> None:
    """Measures round by round and writes the table; as a worker, trains one way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["classical", "cnn"], choices=list(config.load().models))
    parser.add_argument("--images", type=int, default=12800)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--way", choices=list(WORDS), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        work(chosen)
        return
    content = {
        "title": f"Determinism and resuming, {chosen.rounds} interleaved rounds of {chosen.images} images",
        "columns": COLUMNS,
        "rows": [row for model in chosen.models for row in measured(model, chosen)],
        "machine": machine.describe(),
        "command": " ".join(["python -m benchmarks.determinism", *sys.argv[1:]]),
    }
    artifacts.write_json(Path("benchmarks/determinism.json"), content)
    print(*content["rows"], sep="\n")


def measured(model: str, chosen: argparse.Namespace) -> list[list[str]]:
    """The rows of one model."""
    with ExitStack() as ends:
        workers = {way: ends.enter_context(worker(model, way, chosen)) for way in WORDS}
        rounds = [{way: epoch(it) for way, it in workers.items()} for _ in range(chosen.rounds + 1)][1:]
    rows = []
    for way, words in WORDS.items():
        median = statistics.median(it[way] for it in rounds)
        other = AGAINST.get(way)
        told = f"{ratio([it[way] / it[other] for it in rounds])} of {WORDS[other]}" if other else "1"
        rows.append([model, words.format(steps=chosen.steps), f"{median:.2f}", told])
    return rows


@contextmanager
def worker(model: str, way: str, chosen: argparse.Namespace) -> Iterator["subprocess.Popen[str]"]:
    """A training that waits for its turns."""
    options = ["--images", str(chosen.images), "--rounds", str(chosen.rounds), "--steps", str(chosen.steps)]
    command = [sys.executable, "-m", "benchmarks.determinism", "--models", model, "--way", way, *options]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        yield process
        process.kill()


def epoch(process: "subprocess.Popen[str]") -> float:
    """Seconds of its next epoch."""
    print("go", file=process.stdin, flush=True)
    while not (line := process.stdout.readline()).startswith("took "):  # type: ignore[union-attr]
        if not line:
            sys.exit("a training ended before its time; its errors stand above")
    return float(line.split()[1])


def work(chosen: argparse.Namespace) -> None:
    """One training, which tells how long each epoch took."""
    settings, (name,) = config.load(), chosen.models
    backend.start(settings.seed, settings.training.backend, settings.training.precision, chosen.way != FREE)
    model, where = settings.model(name), config.place("models", name)
    model = model.model_copy(update={"fit": model.fit.model_copy(update={"epochs": chosen.rounds + 1})})
    train, validation = first(Shards(paths.prepared("train")), chosen.images), first(Shards(paths.prepared("validation")), 1000)
    made = setup.prepare(model, settings.image.policy, settings.seed, train, where)
    with tempfile.TemporaryDirectory() as folder:
        seen, keeper = watch(chosen.way), keeping(chosen.way, chosen.steps, Path(folder))
        fit.fit(made, validation, settings.training.workers, seen, keeper)


def watch(way: str) -> "Watch":
    """What the stage watches a training by, at the head of it the clock; without a state there is no trace either."""
    from darkroom.training.callbacks.progress import Best, Curves, Trace

    class Clock(Trace):
        since = 0.0

        def on_epoch_begin(self, *_: object) -> None:
            self.tell()
            sys.stdin.readline()
            self.since = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if way in (KEPT, OFTEN):
                super().on_epoch_end(epoch, logs)

        def on_train_end(self, *_: object) -> None:
            self.tell()

        def tell(self) -> None:
            if self.since:
                print(f"took {time.perf_counter() - self.since}", flush=True)

    return fit.Watch(Clock(), Curves(), Best())


def keeping(way: str, steps: int, folder: Path) -> "Checkpoint | None":
    """The stage's own keeper of states, or none."""
    from darkroom.training.callbacks.checkpoint import Checkpoint

    if way not in (KEPT, OFTEN):
        return None
    return Checkpoint(folder / "state.npz", {"params": {}, "deps": {}}, steps if way == OFTEN else None, None)


if __name__ == "__main__":
    main()
