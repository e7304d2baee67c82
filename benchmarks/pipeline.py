"""What each stage costs: wall time, time inside Keras's `fit`, peak memory; and predict's first answer.

    python -m benchmarks.pipeline

Runs every stage of the default pipeline once, by itself, as `dvc repro --force` would (the same files come out), then
predicts one picture five times. Writes benchmarks/pipeline.json.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from pipeline import artifacts, params

EPOCH_S = re.compile(r" - (\d+)s - ")


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, seconds inside `fit` (as Keras rounds them), peak resident memory in bytes."""

    wall: float
    fit: float
    memory: int


def main() -> None:
    """Runs, measures, writes the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    models = list(params.load().models)
    stages = [
        ["download"],
        ["preprocess"],
        *([stage, name] for stage in ("train", "export", "verify", "evaluate") for name in models),
    ]
    costs = {" ".join(words): cost(["-m", f"pipeline.{words[0]}", *words[1:]]) for words in [*stages, ["report"]]}
    picture = ["-m", "pipeline.predict", f"models/{models[-1]}/model.onnx", "tests/boot.png"]
    first = statistics.median(cost(picture).wall for _ in range(5))
    wall, fit = sum(it.wall for it in costs.values()), sum(it.fit for it in costs.values())
    most = max(it.memory for it in costs.values())
    rows = [row(name, it) for name, it in costs.items()]
    rows += [row("all stages", Cost(wall, fit, most)), ["predict, start to first answer", f"{first:.2f}", "", ""]]
    content = {
        "title": "The default pipeline, stage by stage",
        "columns": ["stage", "wall, s", "inside fit, s", "peak memory, MiB"],
        "rows": rows,
        "machine": machine.describe(),
        "command": "python -m benchmarks.pipeline",
    }
    artifacts.write_json(Path("benchmarks/pipeline.json"), content)
    print(f"all stages {wall:.0f} s, of which inside fit {fit:.0f} s; first answer {first:.2f} s")


def row(name: str, used: Cost) -> list[str]:
    """A line of the table."""
    return [name, f"{used.wall:.1f}", f"{used.fit:.0f}" if used.fit else "", f"{used.memory / 2**20:.0f}"]


def cost(words: list[str]) -> Cost:
    """Runs a command of this Python to its end and takes the operating system's own account of it."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None  # noqa: S101
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(words)}: exit status {status}")
    unit = 1 if sys.platform == "darwin" else 1024
    fit = sum(int(found) for found in EPOCH_S.findall(printed))
    print(f"{' '.join(words)}: {time.perf_counter() - started:.1f} s", flush=True)
    return Cost(time.perf_counter() - started, fit, used.ru_maxrss * unit)


if __name__ == "__main__":
    main()
