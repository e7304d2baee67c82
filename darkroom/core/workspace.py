"""Where a stage works, and every file that it reads or writes there."""

import os
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = ("inference", "predict", "pipeline", "training", "decoding", "duplicates")


def find_root() -> Path:
    """The nearest folder upwards that holds a dvc.yaml, relative to the working folder; the working folder if there is none."""
    here = Path.cwd()
    found = next((folder for folder in (here, *here.parents) if (folder / "dvc.yaml").is_file()), here)
    return Path(os.path.relpath(found))


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

    def benchmark(self, name: str) -> Path:
        """Measured times and ratios; `BENCHMARKS` are those that the report shows."""
        return self.root / f"benchmarks/{name}.json"

    def dataset(self, name: str) -> Path:
        """The file or folder that `dataset:` names."""
        return self.root / name

    def code(self, stage: str) -> Path:
        """The fingerprint of a stage's code: a row a module."""
        return self.root / f"reports/code/{stage}.csv"

    @property
    def raw(self) -> Path:
        """The files of a catalog entry, as downloaded; of a data set that lies here only its manifest."""
        return self.folder / "data/raw"

    @property
    def manifest(self) -> Path:
        """Path, size and SHA-256 of each file of a data set that lies here."""
        return self.raw / "manifest.csv"

    @property
    def prepared(self) -> Path:
        """All that preprocess prepared."""
        return self.folder / "data/prepared"

    def split(self, name: str) -> Path:
        """The folder of one split: `images-*.npy` and `labels.npy`."""
        return self.prepared / name

    @property
    def index(self) -> Path:
        """A row a prepared image."""
        return self.prepared / "index.csv"

    @property
    def classes(self) -> Path:
        """The names of the classes."""
        return self.prepared / "classes.json"

    @property
    def previews(self) -> Path:
        """What preprocess shows on the page, as PNG data addresses."""
        return self.prepared / "pictures.json"

    @property
    def data_summary(self) -> Path:
        """Sums over the data set."""
        return self.folder / "reports/data/summary.json"

    @property
    def ledger(self) -> Path:
        """A row a file that was converted, refused or dropped."""
        return self.folder / "reports/data/ledger.csv"

    @property
    def duplicates(self) -> Path:
        """A row an image that has a duplicate."""
        return self.folder / "reports/data/duplicates.csv"

    @property
    def accuracy(self) -> Path:
        """The scoreboard: the accuracy of each model."""
        return self.folder / "reports/accuracy.json"

    @property
    def page(self) -> Path:
        """The report."""
        return self.folder / "reports/index.html"

    def keras(self, model: str) -> Path:
        """The trained network."""
        return self._model(model) / "model.keras"

    def best(self, model: str) -> Path:
        """The best weights of a training that broke off; no stage reads them."""
        return self._model(model) / "best.keras"

    def checkpoint(self, model: str) -> Path:
        """Where a training stands, for one that is killed; no stage reads another's."""
        return self._model(model) / "state.npz"

    def weight_trace(self, model: str) -> Path:
        """The digest of every tensor of a training after each epoch."""
        return self._model(model) / "trace.csv"

    def reference(self, model: str) -> Path:
        """Keras's probabilities on the validation split, float32 N x K."""
        return self._model(model) / "reference.npy"

    def candidate(self, model: str) -> Path:
        """The ONNX file that export wrote, before it has passed verify."""
        return self._model(model) / "candidate/model.onnx"

    def candidate_quantized(self, model: str) -> Path:
        """The folder of the smaller files that quantize kept, before publish."""
        return self._model(model) / "candidate/quantized"

    def candidate_report(self, model: str, stage: str) -> Path:
        """What export, verify or quantize says of its work, before publish."""
        return self._model(model) / f"candidate/{stage}.json"

    def onnx(self, model: str) -> Path:
        """The file that ships."""
        return self._model(model) / "model.onnx"

    def quantized(self, model: str) -> Path:
        """The folder of the smaller files, `model.PRECISION.onnx`; empty where none was kept."""
        return self._model(model) / "quantized"

    def report(self, model: str, stage: str) -> Path:
        """What export, verify or quantize says of the files that ship."""
        return self.folder / f"reports/{stage}/{model}.json"

    def history(self, model: str) -> Path:
        """Learning curves: a row an epoch."""
        return self.folder / f"reports/history/{model}.csv"

    def layers(self, model: str) -> Path:
        """The model summary: a row a layer."""
        return self.folder / f"reports/layers/{model}.csv"

    def augmented(self, model: str) -> Path:
        """The augmentation preview: one image as sixteen epochs show it."""
        return self.folder / f"reports/augmented/{model}.png"

    def lr_finder(self, model: str, suffix: str) -> Path:
        """The curve of a learning-rate range test, `csv` or `svg`. No stage reads it."""
        return self.folder / f"reports/lr_finder/{model}.{suffix}"

    def metrics(self, model: str) -> Path:
        """The headline figures of the test split."""
        return self.folder / f"reports/metrics/{model}.json"

    def evaluation(self, model: str) -> Path:
        """All figures of the test split, also those of the smaller files."""
        return self.folder / f"reports/evaluation/{model}.json"

    def confusion(self, model: str) -> Path:
        """Counts: a row a true class, a column a predicted one."""
        return self.folder / f"reports/confusion/{model}.csv"

    def by_class(self, model: str) -> Path:
        """Precision, recall and F1: a row a class."""
        return self.folder / f"reports/by_class/{model}.csv"

    def predictions(self, model: str) -> Path:
        """A row a test image."""
        return self.folder / f"reports/predictions/{model}.csv"

    def _model(self, name: str) -> Path:
        return self.folder / "models" / name
