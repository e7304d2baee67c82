"""What each stage costs besides the training itself: wall time, time inside Keras's `fit`, peak memory; and `darkroom predict`.

    python -m benchmarks.pipeline

Runs every stage once in a copy of the project, each network for one epoch, then predicts one image five times. A full run takes
the time outside `fit` plus, for each network, its epochs times the time of one. Writes benchmarks/pipeline.json.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from darkroom import config
from darkroom.core import artifacts
from darkroom.core.workspace import Workspace

EPOCH_S = re.compile(r" - (\d+)s - ")
COPIED = ("darkroom", "pipeline", "data/catalog", "benchmarks", "tests", "dvc.yaml", "params.yaml", "requirements.txt")


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, seconds inside `fit` (as Keras rounds them), peak resident memory in bytes."""

    wall: float
    fit: float
    memory: int


def main() -> None:
    """Runs, measures, writes the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    models = list(config.load(Workspace.at()).models)
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_project(Path(folder))
        edit_params(copy, r"(?m)^( +epochs:) \d+$", r"\1 1")
        costs = {" ".join(words): cost(folder, f"pipeline.{words[0]}", *words[1:]) for words in stages(models)}
        predict = ("darkroom", "predict", f"models/{models[-1]}/model.onnx", "tests/boot.png")
        first = statistics.median(cost(folder, *predict).wall for _ in range(5))
    wall, fit = sum(used.wall for used in costs.values()), sum(used.fit for used in costs.values())
    total = Cost(wall, fit, max(used.memory for used in costs.values()))
    rows = [row(name, used) for name, used in [*costs.items(), ("all", total)]]
    content = {
        "title": "The default pipeline, stage by stage, each network trained for one epoch",
        "columns": ["stage", "wall, s", "inside fit (one epoch), s", "outside fit, s", "peak memory, MiB"],
        "rows": [*rows, ["predict, from the start to the first answer", f"{first:.2f}", "", "", ""]],
        "machine": machine.describe(),
        "command": "python -m benchmarks.pipeline",
    }
    artifacts.write_json(Path("benchmarks/pipeline.json"), content)
    print(f"outside fit {wall - fit:.0f} s; first answer {first:.2f} s")


def stages(models: Sequence[str]) -> list[tuple[str, ...]]:
    """All stages in order; those of a model with its name."""
    each = [(stage, name) for stage in ("train", "export", "verify", "quantize", "publish", "evaluate") for name in models]
    return [("fingerprint",), ("download",), ("preprocess",), *each, ("report",)]


def copy_project(folder: Path) -> Workspace:
    """Copies what the stages need."""
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if Path(name).is_dir() else shutil.copy
        copy(name, folder / name)
    return Workspace(folder, folder, folder / "params.yaml")


def edit_params(workspace: Workspace, pattern: str, replacement: str) -> None:
    """Replaces what `pattern` matches in params.yaml. Exits if it matches nothing."""
    text, count = re.subn(pattern, replacement, workspace.params.read_text())
    if not count:
        sys.exit(f"{workspace.params}: nothing matches {pattern}")
    workspace.params.write_text(text)


def row(name: str, used: Cost) -> list[str]:
    """One row of the table."""
    fit = f"{used.fit:.0f}" if used.fit else ""
    return [name, f"{used.wall:.1f}", fit, f"{used.wall - used.fit:.1f}", f"{used.memory / 2**20:.0f}"]


def cost(folder: str, *words: str) -> Cost:
    """Runs `python -m ...` in a folder. The operating system reports the peak memory."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", *words], cwd=folder, stdout=subprocess.PIPE, text=True)
    printed = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    if status:
        sys.exit(f"{' '.join(words)}: exit status {status}")
    print(f"{' '.join(words)}: {wall:.1f} s", flush=True)
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, sum(int(seconds) for seconds in EPOCH_S.findall(printed)), used.ru_maxrss * unit)


if __name__ == "__main__":
    main()
