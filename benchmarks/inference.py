"""Speed of a finished model: onnxruntime against every way to call it in Keras or TensorFlow; `darkroom predict` on a folder.

    python -m benchmarks.inference [--model cnn] [--repeats 9] [--images 10000]

Calls: a batch in and probabilities out, as NumPy arrays, on the CPU. In each round every way is called for about 0.2 s, and its
median call counts. Folders: whole processes over PNG files, `darkroom predict` and a hand-written loop in turn, after one pair
that is not counted. Writes benchmarks/inference.json and benchmarks/predict.json. Needs a finished `dvc repro`.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from benchmarks import machine
from benchmarks.ratios import rates, ratio
from darkroom import config
from darkroom.core import artifacts
from darkroom.core.workspace import Workspace
from darkroom.data.shards import Shards
from darkroom.inference import session
from darkroom.inference.classifier import UNSURE
from darkroom.launch import backend

THREADS, BATCHES, TURN_S, PAUSE_S, PAIRS = (1, 2), (1, 32, 256), 0.2, 0.1, 3
FP32, INT8 = "onnxruntime, fp32", "onnxruntime, int8"
CALLS = ["threads", "batch", "way", "ms a batch (median)", "lowest to highest", "images/s", "speed to TensorFlow's fastest"]
FOLDERS = ["way", "images/s (median)", "lowest to highest", "ratio of a pair (median, lowest to highest)"]
BY_HAND = """
import csv, json, os, sys, cv2, numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
channels = session.get_inputs()[0].shape[-1]
names = sorted(entry.path for entry in os.scandir(sys.argv[2]))
for part in (names[start : start + 256] for start in range(0, len(names), 256)):
    images = numpy.stack([cv2.imread(name, cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR_RGB) for name in part])
    (rows,) = session.run(None, {"image": images.reshape(*images.shape[:3], channels)})
    csv.writer(sys.stdout).writerows([name, classes[row.argmax()], f"{row.max():.6f}"] for name, row in zip(part, rows))
"""


def main() -> None:
    """Measures folders, then calls, each number of threads in a process of its own; writes both tables."""
    workspace = Workspace.at()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="cnn", choices=list(config.load(workspace).models))
    parser.add_argument("--repeats", type=int, default=9, help="rounds")
    parser.add_argument("--images", type=int, default=10000)
    chosen, rows = parser.parse_args(), []
    title = f"{chosen.model} on {chosen.images} PNG files, start-up included, {PAIRS} interleaved pairs"
    predict = {"title": title, "columns": FOLDERS, "rows": folders(workspace, chosen.model, chosen.images)}
    for threads in THREADS:
        with ProcessPoolExecutor(1, get_context("spawn")) as child:
            rows += child.submit(measured, workspace, chosen.model, threads, chosen.repeats).result()
    calls = {"title": f"{chosen.model} on the CPU, {chosen.repeats} interleaved rounds", "columns": CALLS, "rows": rows}
    origin = {"machine": machine.describe(), "command": " ".join(["python -m benchmarks.inference", *sys.argv[1:]])}
    artifacts.write_json(workspace.benchmark("predict"), predict | origin)
    artifacts.write_json(workspace.benchmark("inference"), calls | origin)
    print(*predict["rows"], *rows, sep="\n")


def measured(workspace: Workspace, model: str, threads: int, repeats: int) -> list[list[str]]:
    """One row per batch size and way. Exits if the answers of a way are not those of the fp32 file."""
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # otherwise TensorFlow, and only it, would use a GPU
    backend.configure()
    with backend.quiet_import():
        from benchmarks import tensorflow_calls
        from darkroom.training import runtime
    tensorflow_calls.set_threads(threads)
    runtime.start(config.load(workspace).seed)
    files = {FP32: workspace.onnx(model), INT8: workspace.quantized(model) / "model.int8.onnx"}
    sessions = {name: session.load(path.read_bytes(), name, threads) for name, path in files.items() if path.exists()}
    onnx = {name: lambda images, runner=runner: session.run(runner, images) for name, runner in sessions.items()}
    temperature = float(sessions[FP32].get_modelmeta().custom_metadata_map["temperature"])
    split, rows = Shards(workspace.split("test")), []
    for batch in BATCHES:
        images = split.images(np.arange(batch) % len(split))
        ways = onnx | tensorflow_calls.calls(workspace.keras(model), temperature, images.shape)
        for name, way in ways.items():
            answers, expected = way(images), ways[FP32](images)
            if answers.shape != expected.shape or (name != INT8 and not np.allclose(answers, expected, rtol=0, atol=1e-4)):
                sys.exit(f"{name}: not the probabilities of the fp32 ONNX file for a batch of {batch}")
        calls = [max(3, round(TURN_S / turn(way, images, 3))) for way in ways.values()]
        rounds = [[turn(way, images, n) for way, n in zip(ways.values(), calls, strict=True)] for _ in range(repeats)]
        figures = dict(zip(ways, np.quantile(rounds, (0, 0.5, 1), axis=0).T, strict=True))
        fastest = min(figures[name][1] for name in ways if name not in (FP32, INT8))
        for name, (low, middle, high) in figures.items():
            times = [f"{middle * 1e3:.2f}", f"{low * 1e3:.2f} to {high * 1e3:.2f}"]
            rows.append([str(threads), str(batch), name, *times, f"{batch / middle:.0f}", f"{fastest / middle:.2f}"])
    return rows


def turn(way: Callable[[np.ndarray], np.ndarray], images: np.ndarray, calls: int) -> float:
    """Seconds of the median call; the first call is not counted."""
    # After a call onnxruntime's idle threads spin (45 ms here) and take cores from the next way. Turning that off
    # (session.intra_op.allow_spinning) slows its own short calls by half, so it stays on and every way waits.
    time.sleep(PAUSE_S)
    return float(np.median(timeit.repeat(lambda: way(images), repeat=calls + 1, number=1)[1:]))


def folders(workspace: Workspace, model: str, count: int) -> list[list[str]]:
    """Both rows of the second table, on `count` files. Exits if the two answer differently."""
    split, file = Shards(workspace.split("test")), str(workspace.onnx(model))
    with tempfile.TemporaryDirectory() as folder:
        for number, image in enumerate(split.images(np.arange(count) % len(split))):
            cv2.imwrite(
                f"{folder}/{number:06d}.png", image[..., ::-1]
            )  # OpenCV expects BGR; reversing one grey channel changes nothing
        hand, ours = ["-c", BY_HAND, file, folder], ["-m", "darkroom", "predict", file, folder, "--format", "csv"]
        pairs = [(process(hand), process(ours)) for _ in range(PAIRS + 1)][1:]
    answers = zip(*([line[1:3] for line in csv.reader(text.splitlines())][-count:] for _, text in pairs[0]), strict=True)
    if not all(b[0] in (a[0], UNSURE) and abs(float(a[1]) - float(b[1])) < 1e-4 for a, b in answers):
        sys.exit("`darkroom predict` and the loop by hand answer differently")
    theirs, own = ([count / pair[side][0] for pair in pairs] for side in (0, 1))
    ratios = [b / a for a, b in zip(theirs, own, strict=True)]
    loop = ["a loop by hand: OpenCV, onnxruntime, batches of 256", *rates(theirs), "1"]
    return [loop, ["`darkroom predict`", *rates(own), ratio(ratios)]]


def process(words: list[str]) -> tuple[float, str]:
    """Seconds from the start of `python ...` to its end, and what it printed."""
    with tempfile.NamedTemporaryFile() as printed:
        started = time.perf_counter()
        if status := subprocess.run([sys.executable, *words], stdout=printed).returncode:
            sys.exit(f"{'by hand' if BY_HAND in words else words[1]}: exit status {status}")
        taken = time.perf_counter() - started
        return taken, Path(printed.name).read_text()


if __name__ == "__main__":
    main()
