"""The tables of one model's predictions: the confusion matrix, metrics per class, a row per test image."""

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from darkroom.core.arrays import Labels, Probabilities


def confusion(labels: Labels, predicted: Labels, classes: list[str]) -> pd.DataFrame:
    """The confusion matrix with class names: a row of counts per true class, a column per predicted class."""
    counts = confusion_matrix(labels, predicted, labels=range(len(classes)))
    actual = pd.DataFrame({"actual": classes})
    return pd.concat([actual, pd.DataFrame(counts, columns=classes)], axis=1)


def by_class(labels: Labels, predicted: Labels, classes: list[str]) -> pd.DataFrame:
    """Precision, recall and F1 of each class; 0 where undefined, for want of images or predictions."""
    numbers = range(len(classes))
    precision, recall, f1, _ = precision_recall_fscore_support(labels, predicted, labels=numbers, zero_division=0)
    return pd.DataFrame({"class": classes, "precision": precision, "recall": recall, "f1": f1})


def predictions(labels: Labels, probabilities: Probabilities, classes: list[str]) -> pd.DataFrame:
    """A row per test image: its id in the index, its class, the predicted class and its probability."""
    names = np.asarray(classes)
    return pd.DataFrame(
        {
            "id": [f"test/{row:06d}" for row in range(len(labels))],
            "actual": names[labels],
            "predicted": names[probabilities.argmax(axis=1)],
            "probability": probabilities.max(axis=1).astype(np.float64),
        }
    )
