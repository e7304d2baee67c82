"""Every figure of README and docs is what the results in Git say, staged ones included.

A failure is a line for each figure: where it is, what is written, what it must be.
"""

import csv
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from darkroom import config
from darkroom.config import exportable, vocabulary
from darkroom.core import yaml_source
from darkroom.reporting.page import count
from tests.conftest import ROOT
from tests.support.pages import NAMES, PAGES, Figures, line, numbers

README, CONTRIBUTING, DATA, TUNING = "README.md", "CONTRIBUTING.md", "docs/data.md", "docs/tuning.md"
REPRODUCIBILITY, DEPLOYMENT, ARCHITECTURE = "docs/reproducibility.md", "docs/deployment.md", "docs/architecture.md"
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
STATED = {  # numbers that no committed result holds, by page
    README: {
        "3.11 3.13": "pyproject.toml, requires-python",
        "95": "evaluate.confidence of params.yaml",
        "0 1 2": "the seeds, held below",
        "3.1 0.4 12 16": "measured by hand when the lock changed",
        "1,797": "images that scikit-learn ships",
    },
    CONTRIBUTING: {"150 40 25": "tests/test_layout.py", "5 20": "a rule", "1 2 3 4": "a list"},
    DATA: {
        "32": "darkroom/data/similarity.py",
        "16": "bits",
        "11 100,000 3": "measured by hand",
        "640 480 20,000 70,000": "the size of the benchmark",
        "2": "a written digit",
    },
    TUNING: {"14": "the size of a layer", "0": "where a warm-up starts"},
    REPRODUCIBILITY: {"500": "an example", "20": "benchmarks/determinism.py"},
    "docs/distributed.md": {
        "2.6": "GB, measured by hand",
        "128": "darkroom/training/batches.py",
        "33": "an example",
        "3": "Keras 3",
        "0": "the first process",
    },
    DEPLOYMENT: {
        "1 7 256 2": "darkroom/verification/parity.py, held below",
        "1 32 256": "the batches of the benchmark",
        "16": "bits",
        "9": "benchmarks/inference.py",
        "10,000": "the size of the benchmark",
        "18": "export.opset of params.yaml, held below",
    },
    ARCHITECTURE: {"25": "tests/test_layout.py", "1": "an exit code", "2.0.8": "pyproject.toml", "2020 2": "imgaug"},
}


def committed(path: str) -> str:
    """The file as it is staged or committed, so that another machine's run does not fail the test; as it lies here outside Git."""
    shown = subprocess.run(["git", "show", f":{path}"], cwd=ROOT, capture_output=True, text=True)
    return shown.stdout if shown.returncode == 0 else (ROOT / path).read_text()


def result(path: str) -> Any:
    return json.loads(committed(path))


def rows(benchmark: str) -> list[list[str]]:
    cells: list[list[str]] = result(f"benchmarks/{benchmark}.json")["rows"]
    return cells


def size(number: float) -> str:
    return count(number).replace("\u00a0", " ")


def minutes(seconds: str) -> int:
    return round(float(seconds) / 60)


def the_table_of_models() -> Iterator[Figures]:
    names = {
        "ann": "a well-tuned baseline: plain fully connected",
        "classical": "the lesson's network: one convolution, three dense layers",
        "cnn": "five convolutions: batch normalisation, flips, Muon, label smoothing",
    }
    for model, what in names.items():
        row = result(f"reports/evaluation/{model}.json")
        costs = [size(row["parameters"]), size(row["multiply_adds"]), f"{size(row['bytes'])}B"]
        yield Figures(README, f"| `{model}` | {what} | {{}} | {{}} | {{}} | {{}} | {{}} |\n", [*accuracy(row), *costs])
    small = row["int8"]
    sentence = "| `cnn`, int8 | the same, quantized | {} | {} | | | {} |"
    yield Figures(README, sentence, [*accuracy(small), f"{size(small['bytes'])}B"])
    yield Figures(README, "on the {} test images", [f"{row['images']:,}"])


def accuracy(row: dict[str, float]) -> list[str]:
    return [f"{row['accuracy']:.4f}", f"{row['accuracy_low']:.4f} to {row['accuracy_high']:.4f}"]


def the_seeds() -> Iterator[Figures]:
    table = rows("recipes/default")
    means = {row[0]: row[2] for row in table if row[1] not in "0123456789"}
    sentence = "`ann` {}, `classical` {}, `cnn` {} (mean"
    yield Figures(README, sentence, [means[model] for model in ("ann", "classical", "cnn")])
    yield Figures(
        README, "Over the seeds {}, which", [", ".join(row[1] for row in table if row[0] == "cnn" and row[1] in "0123456789")]
    )


def the_recipes() -> Iterator[Figures]:
    ((_, _, fast, _, _, fast_s),), ((_, _, top, _, top_s, _),) = rows("recipes/fast"), rows("recipes/top")
    *_, (_, _, strong, _, strong_s, _) = rows("recipes/strong")
    yield Figures(TUNING, "in {} minutes on two cores: {} |", [WORDS[minutes(fast_s)], fast])
    yield Figures(TUNING, "random erasing; {} minutes of training: {} |", [WORDS[minutes(strong_s)], strong])
    held_out = yaml_source.parse(committed("recipes/top.yaml"), "top").values["preprocess"]["validation"]
    default = yaml_source.parse(committed("params.yaml"), "params").values["preprocess"]["validation"]
    sentence = "on {} % of the training images instead of {} %; {} minutes of training: {} |"
    yield Figures(TUNING, sentence, [f"{100 - 100 * held_out:g}", f"{100 - 100 * default:g}", str(minutes(top_s)), top])
    sentence = "from `fast` ({} minutes) to `top` ({} in {} minutes of training)"
    yield Figures(README, sentence, [WORDS[minutes(fast_s)], top, str(minutes(top_s))])


def the_speed_of_prediction() -> Iterator[Figures]:
    table = [row for row in rows("inference") if row[0] == "2"]
    for method in {row[2]: None for row in table}:
        cells = [row[3] for row in table if row[2] == method]
        yield Figures(DEPLOYMENT, f"| {method} | {{}} | {{}} | {{}} |", cells)
    yield Figures(DEPLOYMENT, "batch {} | batch {} | batch {} |", list(dict.fromkeys(row[1] for row in table)))
    _, speed, _, ratio = rows("predict")[1]
    yield Figures(DEPLOYMENT, "PNG files at {} images/s, {} of the rate", [speed, ratio.split()[0]])


def unsure_and_calibration() -> Iterator[Figures]:
    row = result("reports/evaluation/cnn.json")
    allowed = yaml_source.parse(committed("params.yaml"), "params").values["export"]["error_rate"]
    yield Figures(
        DEPLOYMENT,
        "wrong ({} %; on test it is {} % of `cnn`'s, and {} % are answered)",
        [f"{100 * allowed:g}", f"{100 * row['answered_error_rate']:.1f}", f"{100 * row['answered']:.0f}"],
    )
    errors = [f"{row[key]:.3f}" for key in ("calibration_error_before", "calibration_error")]
    yield Figures(DEPLOYMENT, "underconfident: {} before, {} after)", errors)


def the_speed_of_training() -> Iterator[Figures]:
    cells = {(model, way): cell for model, way, _, _, cell in rows("training")}
    ratio = {key: cell.split()[0] for key, cell in cells.items()}
    both = ("classical", "cnn")
    sentence = "with AVX-512: `classical` {} of its speed, `cnn` {}. The"
    yield Figures(DEPLOYMENT, sentence, [ratio[model, "this pipeline"] for model in both])
    sentence = "in PyTorch: {} of ours for `classical`, {} for `cnn`"
    yield Figures(DEPLOYMENT, sentence, [ratio[model, "PyTorch, the same network"] for model in both])
    waiting = cells["cnn", "share of time the device waits for augmented data"]
    yield Figures(DEPLOYMENT, "waits for augmented data: {}, which", [waiting])
    yield Figures(DEPLOYMENT, "this processor has: `cnn` {} of float32", [ratio["cnn", "this pipeline, bfloat16"]])
    ((_, size, _, _, most),) = rows("memory")
    yield Figures(DEPLOYMENT, "a training on {} GB of them takes {} GB of its own", [size, most])


def the_cost_of_determinism() -> Iterator[Figures]:
    ratios = {
        model: [row[3].split()[0] for row in rows("determinism") if row[0] == model][1:] for model in ("classical", "cnn")
    }
    costs = (
        "time of an epoch, deterministic against not",
        "with a checkpoint and a weight trace after each epoch",
        "and a checkpoint every 20 batches",
    )
    for what, *pair in zip(costs, ratios["classical"], ratios["cnn"], strict=True):
        yield Figures(REPRODUCIBILITY, f"| {what} | {{}} | {{}} |", pair)
    images = re.search(r"rounds of (\d+) images", result("benchmarks/determinism.json")["title"])[1]
    yield Figures(REPRODUCIBILITY, "interleaved epochs of {} images", [f"{int(images):,}"])


def the_best_epoch_at_ctrl_c() -> Iterator[Figures]:
    epochs = list(csv.DictReader(committed("reports/history/cnn.csv").splitlines()))[:3]
    best = min(epochs, key=lambda row: float(row["val_loss"]))
    yield Figures(REPRODUCIBILITY, "(epoch {}, val_accuracy {}) is", [best["epoch"], f"{float(best['val_accuracy']):.4f}"])


def the_speed_of_decoding() -> Iterator[Figures]:
    _, speed, _, ratio, memory, more = rows("decoding")[-1]
    yield Figures(DATA, "decoded at {} images/s in two processes, {} of the rate", [speed, ratio.split()[0]])
    yield Figures(DATA, "take {} MiB, and {} MiB for four times as many files", [memory, more])
    some, many = (f"{float(row[7]):.0f}" for row in rows("duplicates"))
    yield Figures(DATA, "takes {} seconds, among a million {} (", [some, many])


def what_the_code_says() -> Iterator[Figures]:
    usable = [name for name in vocabulary.layers() if not exportable.reason(name)]
    yield Figures(TUNING, "A test exports {} layers of Keras", [str(len(usable))])
    settings = config.load_file(ROOT / "params.yaml")
    place = str(settings.at("models", "cnn")).removeprefix(f"{ROOT}/")
    yield Figures(ARCHITECTURE, '`settings.at("models", "cnn")` prints as `{}`,', [place])
    yield Figures(DEPLOYMENT, "ONNX opset {} will", [str(settings.export.opset)])


SOURCES: list[Callable[[], Iterator[Figures]]] = [
    *(the_table_of_models, the_seeds, the_recipes, the_speed_of_prediction, unsure_and_calibration, the_speed_of_training),
    *(the_cost_of_determinism, the_best_epoch_at_ctrl_c, the_speed_of_decoding, what_the_code_says),
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_the_figures_are_those_of_the_results(source: Callable[[], Iterator[Figures]]) -> None:
    if mistakes := [mistake for figures in source() for mistake in figures.mistakes()]:
        pytest.fail("\n".join(mistakes), pytrace=False)


@pytest.mark.parametrize("page", NAMES)
def test_every_number_is_held_or_has_a_reason(page: str) -> None:
    matches = [figures.found() for source in SOURCES for figures in source() if figures.page == page]
    spans = [match.span(group) for match in matches if match for group in range(1, match.re.groups + 1)]
    stated = {number for group in STATED.get(page, {}) for number in group.split()}
    free = [
        f"{page}:{line(page, number.start())}: {number[0]}: no test holds it"
        for number in numbers(page)
        if number[0] not in stated and not any(start <= number.start() < end for start, end in spans)
    ]
    unused = [
        f"{page}: {number}: stated here, but not in the page" for number in stated - {number[0] for number in numbers(page)}
    ]
    if free or unused:
        pytest.fail("\n".join([*free, *unused]), pytrace=False)


def test_a_wrong_figure_is_named_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PAGES, README, "# Title\n\nIt is 0.5 of\nall, or more.\n")
    sentence = "It is {} of all, or {}."
    assert list(Figures(README, sentence, ["0.6", "more"]).mistakes()) == [
        f"README.md:3: written 0.5, must be 0.6 (`{sentence}`)"
    ]
    lost = "README.md: there is no `It was {}.` any more: change tests/docs/test_figures.py too"
    assert list(Figures(README, "It was {}.", ["1"]).mistakes()) == [lost]
