"""The tables of one model's predictions: the confusion matrix, metrics per class, a row per test image."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkroom.evaluation import metrics
from darkroom.evaluation.metrics import Labels, Probabilities


def read(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Columns of a CSV file (None: all) as text. A class may be called NA; a carriage return in a name ends no line."""
    return pd.read_csv(path, usecols=columns, dtype=str, keep_default_na=False, lineterminator="\n")


def confusion(counts: NDArray[np.int64], classes: list[str]) -> pd.DataFrame:
    """K x K counts with the class names: a row per true class, a column per predicted class."""
    actual = pd.DataFrame({"actual": classes})
    return pd.concat([actual, pd.DataFrame(counts, columns=classes)], axis=1)


def by_class(counts: NDArray[np.int64], classes: list[str]) -> pd.DataFrame:
    """Precision, recall and F1 of each class, from K x K counts."""
    return pd.DataFrame({"class": classes, **metrics.by_class(counts)})


def predictions(labels: Labels, probabilities: Probabilities, classes: list[str]) -> pd.DataFrame:
    """A row per test image: its id in the index, its class, the predicted class and the probability of the latter."""
    names = np.asarray(classes)
    return pd.DataFrame(
        {
            "id": [f"test/{row:06d}" for row in range(len(labels))],
            "actual": names[labels],
            "predicted": names[probabilities.argmax(axis=1)],
            "probability": probabilities.max(axis=1).astype(np.float64),
        }
    )
