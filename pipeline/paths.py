"""Every file that a stage reads or writes, relative to the root of the repository, where all commands run."""

from pathlib import Path

PARAMS = Path("params.yaml")
CATALOG = Path("data/catalog")
RAW = Path("data/raw")
MANIFEST = RAW / "manifest.csv"
PREPARED = Path("data/prepared")
INDEX = PREPARED / "index.csv"
CLASSES = PREPARED / "classes.json"
PICTURES = PREPARED / "pictures.json"
MEASURED = ("inference", "predict", "pipeline", "training", "decoding", "duplicates")
BENCHMARKS = tuple(Path(f"benchmarks/{name}.json") for name in MEASURED)
PAGE = Path("reports/index.html")
DATA_SUMMARY = Path("reports/data/summary.json")
LEDGER = Path("reports/data/ledger.csv")
DUPLICATES = Path("reports/data/duplicates.csv")


def prepared(split: str) -> Path:
    """The folder of one split: `images-*.npy` and `labels.npy`."""
    return PREPARED / split


def keras(model: str) -> Path:
    """What train wrote."""
    return Path("models") / model / "model.keras"


def best(model: str) -> Path:
    """The best state of a training that broke off; no stage reads it."""
    return Path("models") / model / "best.keras"


def state(model: str) -> Path:
    """Where a training stands, for one that is killed; no stage reads another's."""
    return Path("models") / model / "state.npz"


def trace(model: str) -> Path:
    """The digest of every tensor of a training behind each epoch."""
    return Path("models") / model / "trace.csv"


def onnx(model: str) -> Path:
    """What ships."""
    return Path("models") / model / "model.onnx"


def compact(model: str) -> Path:
    """The folder of the smaller files, `model.PRECISION.onnx`; empty where none earned its place."""
    return Path("models") / model / "compact"


def reference(model: str) -> Path:
    """Keras's probabilities on the validation split, float32 N x K."""
    return Path("models") / model / "reference.npy"


def history(model: str) -> Path:
    """Learning curves: a row an epoch."""
    return Path("reports/history") / f"{model}.csv"


def layers(model: str) -> Path:
    """What the network is made of: a row a layer."""
    return Path("reports/layers") / f"{model}.csv"


def exported(model: str) -> Path:
    """What export says of its file: SHA-256, size, counts."""
    return Path("reports/export") / f"{model}.json"


def verdict(model: str) -> Path:
    """What verify found."""
    return Path("reports/verify") / f"{model}.json"


def quantized(model: str) -> Path:
    """What quantize tried, and what it kept."""
    return Path("reports/quantize") / f"{model}.json"


def lr_range(model: str, kind: str) -> Path:
    """What a learning-rate range test found: `csv` or `svg`. No stage reads it."""
    return Path("reports/lr_range") / f"{model}.{kind}"


def metrics(model: str) -> Path:
    """The figures of the test split."""
    return Path("reports/metrics") / f"{model}.json"


def confusion(model: str) -> Path:
    """Counts: a row a true class, a column a predicted one."""
    return Path("reports/confusion") / f"{model}.csv"


def by_class(model: str) -> Path:
    """Precision, recall and F1: a row a class."""
    return Path("reports/by_class") / f"{model}.csv"


def predictions(model: str) -> Path:
    """A row a test image."""
    return Path("reports/predictions") / f"{model}.csv"


def augmented(model: str) -> Path:
    """What augmentation makes of one image in sixteen epochs."""
    return Path("reports/augmented") / f"{model}.png"
