"""Stage 6: what the shipped file makes of the test split, which nothing before this point has used.

Reads   params.yaml (evaluate), models/MODEL/model.onnx, reports/ (verify/MODEL.json, export/MODEL.json), data/prepared (test).
Writes  reports/metrics/MODEL.json; reports/confusion, by_class and predictions, each MODEL.csv.
Run     dvc repro evaluate@MODEL, or python -m pipeline.evaluate MODEL
"""

import hashlib
import json
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline import artifacts, command, params, paths
from pipeline.data.shards import Shards
from pipeline.deploy import session
from pipeline.errors import Refusal
from pipeline.evaluation import metrics

BATCH = 500


def main() -> None:
    """Runs the ONNX file over the test split and writes its figures."""
    name = command.model_argument(__doc__)
    settings = params.load()
    settings.model(name)
    classes = json.loads(paths.CLASSES.read_text())["classes"]
    test = Shards(paths.prepared("test"))
    runner = session.load(verified(name), str(paths.onnx(name)))
    probabilities = np.concatenate([session.run(runner, images) for images in test.batches(BATCH)])
    found = metrics.summary(test.labels, probabilities, settings.evaluate.confidence)
    facts = json.loads(paths.exported(name).read_text())
    sizes = {key: facts[key] for key in ("bytes", "parameters", "multiply_adds")}
    artifacts.write_json(paths.metrics(name), {**found, **sizes})
    write_tables(name, test.labels, probabilities, classes)
    low, high = found["accuracy_low"], found["accuracy_high"]
    print(f"{name}: accuracy {found['accuracy']:.4f} ({low:.4f} to {high:.4f}) on {len(test)} test images")


def verified(name: str) -> bytes:
    """The bytes of the ONNX file. Raises Refusal unless they are the ones that verify passed."""
    content = paths.onnx(name).read_bytes()
    if hashlib.sha256(content).hexdigest() != json.loads(paths.verdict(name).read_text())["sha256"]:
        raise Refusal(f"{paths.onnx(name)}: not the file that verify passed; run `dvc repro verify@{name}`")
    return content


def write_tables(name: str, labels: NDArray[np.int64], probabilities: NDArray[Any], classes: list[str]) -> None:
    """Writes the confusion counts, each class's figures, and a row for each test image."""
    predicted = probabilities.argmax(axis=1)
    counts = metrics.confusion(labels, predicted, len(classes))
    actual = pd.DataFrame({"actual": classes})
    artifacts.write_csv(paths.confusion(name), actual.join(pd.DataFrame(counts, columns=classes)))
    artifacts.write_csv(paths.by_class(name), pd.DataFrame({"class": classes, **metrics.by_class(counts)}))
    names = np.asarray(classes)
    rows = {
        "id": [f"test/{row:06d}" for row in range(len(labels))],
        "actual": names[labels],
        "predicted": names[predicted],
        "probability": probabilities.max(axis=1).astype(np.float64),
    }
    artifacts.write_csv(paths.predictions(name), pd.DataFrame(rows))


if __name__ == "__main__":
    command.run(main)
