"""Where a stage works, and every file that it reads or writes there."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = ("inference", "predict", "pipeline", "training", "decoding", "duplicates")  # those that the report shows


def find_root() -> Path:
    """The nearest folder upwards that holds a dvc.yaml, relative to the working folder; the working folder if there is none."""
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "dvc.yaml").is_file()), here)
    return Path(os.path.relpath(root))


class _File:
    """An attribute of `Workspace`: a path below its folder."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, workspace: "Workspace", _: type) -> Path:
        return workspace.folder / self.path


class _ModelFile:
    """A method of `Workspace`: a path below its folder, for the name of a model."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, workspace: "Workspace", _: type) -> Callable[[str], Path]:
        return lambda model: workspace.folder / self.path.format(model)


@dataclass(frozen=True)
class Workspace:
    """The files of one run of the pipeline.

    `root` is the checkout, which holds dvc.yaml, dvc.lock, the catalog, the locks and the benchmarks; names of data sets in
    params.yaml are relative to it. Stages read and write data/, models/ and reports/ below `folder`, by the parameters in the
    file `params`.
    """

    root: Path
    folder: Path
    params: Path

    raw = _File("data/raw")  # the files of a catalog entry; of a data set that lies here only the manifest
    manifest = _File("data/raw/manifest.csv")  # path, size and SHA-256 of each of the user's own files
    prepared = _File("data/prepared")
    index = _File("data/prepared/index.csv")  # a row an image
    classes = _File("data/prepared/classes.json")
    previews = _File("data/prepared/pictures.json")  # what preprocess shows on the page, as PNG data addresses
    data_summary = _File("reports/data/summary.json")
    ledger = _File("reports/data/ledger.csv")  # a row a file that was converted, refused or dropped
    duplicates = _File("reports/data/duplicates.csv")  # a row an image that has a duplicate
    accuracy = _File("reports/accuracy.json")  # of each model
    page = _File("reports/index.html")

    keras = _ModelFile("models/{}/model.keras")
    best = _ModelFile("models/{}/best.keras")  # of a training that broke off; no stage reads it
    checkpoint = _ModelFile("models/{}/state.npz")  # of a training that was killed; only its own rerun reads it
    weight_trace = _ModelFile("models/{}/trace.csv")  # a row an epoch and tensor
    reference = _ModelFile("models/{}/reference.npy")  # Keras's probabilities on the validation split, float32 N x K
    candidate = _ModelFile("models/{}/candidate/model.onnx")  # before it has passed verify
    candidate_quantized = _ModelFile("models/{}/candidate/quantized")  # the folder of smaller files that quantize kept
    onnx = _ModelFile("models/{}/model.onnx")  # what ships
    quantized = _ModelFile("models/{}/quantized")  # model.PRECISION.onnx; empty where none was kept

    history = _ModelFile("reports/history/{}.csv")  # learning curves: a row an epoch
    layers = _ModelFile("reports/layers/{}.csv")  # the model summary: a row a layer
    augmented = _ModelFile("reports/augmented/{}.png")  # one image as sixteen epochs show it
    metrics = _ModelFile("reports/metrics/{}.json")  # five headline figures
    evaluation = _ModelFile("reports/evaluation/{}.json")  # all figures, those of the smaller files too
    confusion = _ModelFile("reports/confusion/{}.csv")  # a row a true class, a column a predicted one
    by_class = _ModelFile("reports/by_class/{}.csv")  # precision, recall and F1: a row a class
    predictions = _ModelFile("reports/predictions/{}.csv")  # a row a test image

    @classmethod
    def at(cls, folder: Path | None = None, params: Path | None = None) -> "Workspace":
        """The workspace of the checkout around the working folder; by default the checkout itself and its params.yaml."""
        root = find_root()
        return cls(root, folder or root, params or root / "params.yaml")

    @property
    def dvc_yaml(self) -> Path:
        """The stages, as DVC runs them."""
        return self.root / "dvc.yaml"

    @property
    def dvc_lock(self) -> Path:
        """What DVC knows of the last run."""
        return self.root / "dvc.lock"

    @property
    def catalog(self) -> Path:
        """The folder of catalog entries."""
        return self.root / "data/catalog"

    def dataset(self, name: str) -> Path:
        """The file or folder that `dataset:` names."""
        return self.root / name

    def benchmark(self, name: str) -> Path:
        """Measured times and ratios."""
        return self.root / f"benchmarks/{name}.json"

    def code(self, stage: str) -> Path:
        """The fingerprint of a stage's code: a row a module."""
        return self.root / f"reports/code/{stage}.csv"

    def split(self, name: str) -> Path:
        """The folder of one split: `images-*.npy` and `labels.npy`."""
        return self.prepared / name

    def candidate_report(self, model: str, stage: str) -> Path:
        """What export, verify or quantize says of its work, before publish."""
        return self.folder / f"models/{model}/candidate/{stage}.json"

    def report(self, model: str, stage: str) -> Path:
        """What export, verify or quantize says of the files that ship."""
        return self.folder / f"reports/{stage}/{model}.json"

    def lr_finder(self, model: str, suffix: str) -> Path:
        """The curve of a learning-rate range test, `csv` or `svg`. No stage reads it."""
        return self.folder / f"reports/lr_finder/{model}.{suffix}"
