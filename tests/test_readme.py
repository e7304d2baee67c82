"""The README's table is what the committed reports say, and its files exist."""

import csv
import importlib.util
import json
import re
import subprocess

import pytest

from darkroom.__main__ import COMMANDS
from darkroom.reporting.page import count
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def committed(path: str) -> str:
    """The file as HEAD has it, so that another machine's run does not fail the test; as it lies here outside git."""
    shown = subprocess.run(["git", "show", f"HEAD:{path}"], cwd=ROOT, capture_output=True, text=True)
    return shown.stdout if shown.returncode == 0 else (ROOT / path).read_text()


def cells(start: str) -> list[str]:
    """The cells of the README's row that begins so, after the first."""
    row = next(line for line in README.splitlines() if line.startswith(f"| {start} |"))
    return [cell.strip() for cell in row.split("|")[2:-1]]


def size(number: float) -> str:
    return count(number).replace("\u00a0", " ")


@pytest.mark.parametrize("model", ["ann", "classical", "cnn"])
def test_the_table_is_what_was_measured(model: str) -> None:
    row = json.loads(committed(f"reports/evaluation/{model}.json"))
    assert cells(f"`{model}`")[1:] == [
        f"{row['accuracy']:.4f}",
        f"{row['accuracy_low']:.4f} to {row['accuracy_high']:.4f}",
        *(size(row[key]) for key in ("parameters", "multiply_adds")),
        f"{size(row['bytes'])}B",
    ]


def test_the_row_of_the_smaller_file_is_what_was_measured() -> None:
    row = json.loads(committed("reports/evaluation/cnn.json"))["int8"]
    interval = f"{row['accuracy_low']:.4f} to {row['accuracy_high']:.4f}"
    assert cells("`cnn`, int8")[1:] == [f"{row['accuracy']:.4f}", interval, "", "", f"{size(row['bytes'])}B"]


def test_the_speeds_are_what_was_measured() -> None:
    rows = [row for row in json.loads(committed("benchmarks/inference.json"))["rows"] if row[0] == "2"]
    for way in {row[2] for row in rows}:
        assert cells(way) == [row[3] for row in rows if row[2] == way]
    by_folder = json.loads(committed("benchmarks/predict.json"))["rows"][1]
    assert f"PNG files at {by_folder[1]} images/s, {by_folder[3].split()[0]} of the rate" in README


def test_what_unsure_does_is_what_was_measured() -> None:
    row = json.loads(committed("reports/evaluation/cnn.json"))
    told = f"on test it is {100 * row['answered_error_rate']:.1f} % of `cnn`'s, and {100 * row['answered']:.0f} % are answered"
    assert told in " ".join(README.split())
    assert f"{row['calibration_error_before']:.3f} before, {row['calibration_error']:.3f} after" in README


def test_the_speed_of_training_is_what_was_measured() -> None:
    rows = json.loads(committed("benchmarks/training.json"))["rows"]
    found = {(model, way): cell for model, way, _, _, cell in rows}
    ratio = {key: cell.split()[0] for key, cell in found.items()}
    told = " ".join(README.split())
    ours = [ratio[model, "this pipeline"] for model in ("classical", "cnn")]
    assert f"`classical` {ours[0]} of its speed, `cnn` {ours[1]}" in told
    torch = [ratio[model, "PyTorch, the same network"] for model in ("classical", "cnn")]
    assert f"{torch[0]} of ours for `classical`, {torch[1]} for `cnn`" in told
    assert f"waits for augmented data: {found['cnn', 'share of time the device waits for augmented data']}," in told
    assert f"bfloat16, which this processor has: `cnn` {ratio['cnn', 'this pipeline, bfloat16']} of float32" in told


@pytest.mark.parametrize("model", ["ann", "classical", "cnn"])
def test_what_the_seeds_gave_is_what_was_measured(model: str) -> None:
    rows = json.loads(committed("benchmarks/recipes/default.json"))["rows"]
    *runs, mean = [row for row in rows if row[0] == model]
    assert f"`{model}` {mean[2]}" in README
    assert f"Over the seeds {', '.join(row[1] for row in runs)}," in README


def test_the_memory_of_training_is_what_was_measured() -> None:
    ((_, size, _, _, most),) = json.loads(committed("benchmarks/memory.json"))["rows"]
    assert f"a training on {size} GB of them takes {most} GB of its own" in " ".join(README.split())


def test_the_cost_of_the_same_bytes_is_what_was_measured() -> None:
    rows = json.loads(committed("benchmarks/determinism.json"))["rows"]
    ratios = {model: [cell.split()[0] for name, _, _, cell in rows if name == model][1:] for model in ("classical", "cnn")}
    told = [
        "time of an epoch, deterministic against not",
        "with a checkpoint and a weight trace after each epoch",
        "and a checkpoint every 20 batches",
    ]
    assert [cells(words) for words in told] == [list(pair) for pair in zip(ratios["classical"], ratios["cnn"], strict=True)]


def test_what_ctrl_c_would_say_is_what_was_trained() -> None:
    rows = list(csv.DictReader(committed("reports/history/cnn.csv").splitlines()))[:3]
    best = min(rows, key=lambda row: float(row["val_loss"]))
    assert f"(epoch {best['epoch']}, val_accuracy {float(best['val_accuracy']):.4f}) is in models/cnn/best.keras" in README


def test_the_speed_of_decoding_is_what_was_measured() -> None:
    rows = json.loads(committed("benchmarks/decoding.json"))["rows"]
    told = " ".join(README.split())
    _, speed, _, ratio, memory, more = rows[-1]
    assert f"at {speed} images/s in two processes, {ratio.split()[0]} of the rate of a bare loop" in told
    assert f"hardly change: {memory} and {more} MiB in all processes" in told
    some, many = (f"{float(row[7]):.0f}" for row in json.loads(committed("benchmarks/duplicates.json"))["rows"])
    assert f"Copies among 70,000 images take {some} seconds, among a million {many}" in told


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"python -m ([a-z_.]+)", README))
    assert [name for name in named if importlib.util.find_spec(name) is None] == []


def test_every_path_of_the_readme_exists() -> None:
    named = set(re.findall(r"`([\w/.-]+/|[\w/-]+\.(?:py|yaml|lock|md))`", README)) | set(re.findall(r"\]\(([^)#:]+)\)", README))
    written = {"quantized/", "digits.yaml"}
    assert [name for name in named - written if not (ROOT / name).exists()] == []


def test_every_darkroom_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"(?:^|`)darkroom ([a-z-]+)", README, re.MULTILINE))
    assert {"predict", "inspect", "check", "recipe", "why", "diverge", "lr-finder"} == named <= COMMANDS.keys()


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+)", README)) <= targets


def test_the_mistakes_shown_stand_on_their_lines() -> None:
    lines = (ROOT / "params.yaml").read_text().splitlines()
    layer, share, third = (
        int(re.search(rf"params\.yaml:(\d+): {place}", README)[1])
        for place in (r"models\S*\[1\]", "preprocess", r"models\S*\[2\]")
    )
    assert third == layer + 1
    assert "MaxPool2D" in lines[layer - 1] and "Conv2D: {filters: 32, kernel_size: [4, 4]" in lines[layer - 2]
    assert lines[share - 1].strip().startswith("validation:")
