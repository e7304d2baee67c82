"""The workspace: the path of every file that a stage reads or writes."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

BENCHMARKS = ("inference", "predict", "pipeline", "training", "decoding", "duplicates")  # shown in the report
Precision = Literal["int8", "float16"]  # of a quantized file
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def find_root() -> Path:
    """The working folder or its nearest parent that holds a dvc.yaml, as a relative path; the working folder if none does."""
    current = Path.cwd()
    root = next((folder for folder in (current, *current.parents) if (folder / "dvc.yaml").is_file()), current)
    return Path(os.path.relpath(root))


class _File:
    """An attribute of `Workspace`: a path in the workspace's folder."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, workspace: "Workspace", _: type) -> Path:
        return workspace.folder / self.path


class _ModelFile:
    """A method of `Workspace`: a path in the workspace's folder, given the name of a model."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, workspace: "Workspace", _: type) -> Callable[[str], Path]:
        return lambda model: workspace.folder / self.path.format(model)


@dataclass(frozen=True)
class Workspace:
    """The files of one run of the pipeline.

    `root` is the checkout, which holds dvc.yaml, dvc.lock, the requirements, the catalog, the fingerprints and the benchmarks;
    paths of data sets in params.yaml are relative to it. Stages read and write data/, models/ and reports/ in `folder`, and
    read their parameters from the file `params`.
    """

    root: Path
    folder: Path
    params: Path

    raw = _File("data/raw")  # the files of a catalog entry; of a local data set only the manifest
    manifest = _File("data/raw/manifest.csv")  # path, size and SHA-256 of each of the user's own files
    prepared = _File("data/prepared")
    index = _File("data/prepared/index.csv")  # one row per image
    classes = _File("data/prepared/classes.json")
    previews = _File("data/prepared/previews.json")  # sample images for the report, as PNG data URLs
    data_summary = _File("reports/data/summary.json")
    ledger = _File("reports/data/ledger.csv")  # one row per file that was converted, refused or dropped
    duplicates = _File("reports/data/duplicates.csv")  # one row per image that has a duplicate
    accuracy = _File("reports/accuracy.json")  # the accuracy of each model
    page = _File("reports/index.html")

    keras = _ModelFile("models/{}/model.keras")
    best = _ModelFile("models/{}/best.keras")  # the best weights of a failed or interrupted training; no stage reads it
    checkpoint = _ModelFile("models/{}/checkpoint.npz")  # the state of a training; only its own rerun reads it
    weight_trace = _ModelFile("models/{}/trace.csv")  # one row per epoch and tensor
    reference = _ModelFile("models/{}/reference.npy")  # Keras's probabilities on the validation split, float32 N x K
    candidate = _ModelFile("models/{}/candidate/model.onnx")  # before it has passed verify
    candidate_quantized = _ModelFile("models/{}/candidate/quantized")  # the folder of the quantized files that passed
    onnx = _ModelFile("models/{}/model.onnx")  # what ships
    quantized = _ModelFile("models/{}/quantized")  # model.PRECISION.onnx; empty if none passed

    history = _ModelFile("reports/history/{}.csv")  # learning curves: one row per epoch
    layers = _ModelFile("reports/layers/{}.csv")  # the model summary: one row per layer
    augmented = _ModelFile("reports/augmented/{}.png")  # one image as augmented in each of sixteen epochs
    metrics = _ModelFile("reports/metrics/{}.json")  # five headline figures
    evaluation = _ModelFile("reports/evaluation/{}.json")  # all figures, including those of the quantized files
    confusion = _ModelFile("reports/confusion/{}.csv")  # one row per true class, one column per predicted class
    by_class = _ModelFile("reports/by_class/{}.csv")  # precision, recall and F1: one row per class
    predictions = _ModelFile("reports/predictions/{}.csv")  # one row per test image

    @classmethod
    def at(cls, folder: Path | None = None, params: Path | None = None) -> "Workspace":
        """The workspace in `folder` with the parameters in `params`; by default the checkout and its params.yaml."""
        root = find_root()
        return cls(root, folder or root, params or root / "params.yaml")

    @property
    def dvc_yaml(self) -> Path:
        """The stages, as DVC runs them."""
        return self.root / "dvc.yaml"

    @property
    def dvc_lock(self) -> Path:
        """What DVC recorded of the last run."""
        return self.root / "dvc.lock"

    @property
    def catalog(self) -> Path:
        """The folder of catalog entries."""
        return self.root / "data/catalog"

    def dataset(self, name: str) -> Path:
        """The file or folder that `dataset:` names."""
        return self.root / name

    def benchmark(self, name: str) -> Path:
        """The results of a benchmark: measured times and ratios."""
        return self.root / f"benchmarks/{name}.json"

    def code(self, stage: str) -> Path:
        """The fingerprint of a stage's code: one row per module or template."""
        return self.root / f"reports/code/{stage}.csv"

    def split(self, name: str) -> Path:
        """The folder of one split: `images-*.npy` and `labels.npy`."""
        return self.prepared / name

    def candidate_report(self, model: str, stage: str) -> Path:
        """The report of export, verify or quantize on a candidate, before publish."""
        return self.folder / f"models/{model}/candidate/{stage}.json"

    def report(self, model: str, stage: str) -> Path:
        """The report of export, verify or quantize on the files that ship."""
        return self.folder / f"reports/{stage}/{model}.json"

    def lr_finder(self, model: str, suffix: str) -> Path:
        """The curve of a learning-rate range test, `csv` or `svg`. No stage reads it."""
        return self.folder / f"reports/lr_finder/{model}.{suffix}"
