"""Stage 7: what the shipped files make of the test split, which nothing before this point has used.

Reads   params.yaml (evaluate), models/MODEL (model.onnx, compact), reports/ (verify, quantize, export, each MODEL.json),
        data/prepared (test, classes, index).
Writes  reports/metrics/MODEL.json (with a section for each smaller file, and the accuracy without the test images that have
        a duplicate in train or validation); reports/confusion, by_class and predictions, each MODEL.csv.
Run     dvc repro evaluate@MODEL, or python -m pipeline.evaluate MODEL
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkroom import config
from darkroom.core import artifacts, command, paths
from darkroom.core.errors import DarkroomError
from darkroom.data.index import LEAKED
from darkroom.data.shards import Shards
from darkroom.evaluation import calibration, metrics
from darkroom.inference import metadata, session
from darkroom.inference.metadata import Passport
from darkroom.verification import verified_models


def main() -> None:
    """Runs the ONNX files over the test split and writes their figures."""
    name = command.model_argument(__doc__)
    settings = config.load()
    settings.model(name)
    classes = artifacts.read_json(paths.CLASSES)["classes"]
    test = Shards(paths.prepared("test"))
    confidence, clean = settings.evaluate.confidence, ~leaked(len(test))
    content = verified_models.content(name)
    probabilities, stamp = answers(content, str(paths.onnx(name)), test)
    found = figures(test.labels, probabilities, stamp, confidence, clean)
    facts = artifacts.read_json(paths.exported(name))
    sizes = {key: facts[key] for key in ("bytes", "parameters", "multiply_adds")}
    artifacts.write_json(paths.metrics(name), {**found, **sizes, **smaller(name, test, confidence, clean)})
    write_tables(name, test.labels, probabilities, classes)
    low, high = found["accuracy_low"], found["accuracy_high"]
    print(f"{name}: accuracy {found['accuracy']:.4f} ({low:.4f} to {high:.4f}) on {len(test)} test images{besides(found)}")


def leaked(images: int) -> NDArray[np.bool_]:
    """Which of the `images` of the test split have a duplicate in train or validation, by the index."""
    # a carriage return in the name of a file would end the line, if "\n" alone were not named
    index = pd.read_csv(paths.INDEX, usecols=["split", "flags"], dtype=str, keep_default_na=False, lineterminator="\n")
    flags = index.loc[index["split"] == "test", "flags"]
    if len(flags) != images:
        raise DarkroomError(f"{paths.INDEX}: {len(flags)} test images, but {images} prepared; run `dvc repro preprocess`")
    return np.array([LEAKED in words.split() for words in flags], bool)


def answers(content: bytes, name: str, test: Shards) -> tuple[NDArray[np.float32], Passport]:
    """The probabilities that a file gives for the test split, and what it says of itself."""
    runner = session.load(content, name)
    stamp = metadata.from_metadata(session.metadata(runner, name), name)
    return np.concatenate([session.run(runner, images) for images in test.batches()]), stamp


def figures(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], stamp: Passport, confidence: float, clean: NDArray[np.bool_]
) -> dict[str, Any]:
    """The headline figures; how well calibrated they are, with and without the temperature; what "unsure" withholds.

    `clean` (bool N) says which test images have no duplicate that was trained or chosen on.
    """
    before = calibration.tempered(probabilities, 1 / stamp.temperature)
    return {
        **metrics.summary(labels, probabilities, confidence),
        "without_leaked": metrics.accuracy((probabilities.argmax(axis=1) == labels)[clean], confidence),
        **metrics.selective(labels, probabilities, stamp.unsure_below or 0.0),
        "calibration_error": calibration.expected_error(probabilities, labels),
        "calibration_error_before": calibration.expected_error(before, labels),
        "temperature": stamp.temperature,
        "unsure_below": stamp.unsure_below,
    }


def besides(found: dict[str, Any]) -> str:
    """What the line about a model adds where test images have leaked."""
    rest = found["without_leaked"]
    if rest["images"] == found["images"]:
        return ""
    share = f"{rest['accuracy']:.4f}" if rest["images"] else "none is left"
    return f"; without the {found['images'] - rest['images']} that have a duplicate in train or validation: {share}"


def smaller(name: str, test: Shards, confidence: float, clean: NDArray[np.bool_]) -> dict[str, Any]:
    """The figures of each smaller file, by its precision; where none was kept, the reason."""
    tried = artifacts.read_json(paths.quantized(name))
    found: dict[str, Any] = {key: {"kept": False, "reason": told["reason"]} for key, told in tried.items() if "kept" in told}
    for precision, content in verified_models.compact(name).items():
        probabilities, stamp = answers(content, f"{name} {precision}", test)
        row = {**figures(test.labels, probabilities, stamp, confidence, clean), "bytes": len(content)}
        found[precision] = {"kept": True, "reason": tried[precision]["reason"], **row}
    return found


def write_tables(name: str, labels: NDArray[np.int64], probabilities: NDArray[Any], classes: list[str]) -> None:
    """Writes the confusion counts, each class's figures, and a row for each test image."""
    predicted = probabilities.argmax(axis=1)
    counts = metrics.confusion(labels, predicted, len(classes))
    actual = pd.DataFrame({"actual": classes})
    artifacts.write_csv(paths.confusion(name), pd.concat([actual, pd.DataFrame(counts, columns=classes)], axis=1))
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
