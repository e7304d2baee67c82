"""Calibrates a Keras model on the validation split, before conversion.

The temperature is folded into the weights of the last layer, so every runtime returns calibrated probabilities. Imports Keras:
configure the backend first (`darkroom.launch.backend`).
"""

from dataclasses import dataclass

import keras
import numpy as np

from darkroom.config.schema import Export
from darkroom.core.arrays import Labels, Probabilities
from darkroom.data.shards import Shards
from darkroom.evaluation import calibration
from darkroom.training import network


@dataclass(frozen=True)
class Calibrated:
    """The result of a calibration.

    `probabilities` (float32 N x K) are Keras's on the split, after its logits were divided by `temperature`. A prediction
    less probable than `unsure_below` is `unsure`; None: none is.
    """

    probabilities: Probabilities
    temperature: float
    unsure_below: float | None


def calibrate(model: keras.Model, split: Shards, export: Export, name: str) -> Calibrated:
    """Fits a temperature on `split` and folds it into `model`, if params.yaml says so; chooses the threshold of "unsure"."""
    probabilities = reference(model, split)
    temperature = 1.0
    if export.calibrate:
        temperature = calibration.temperature(probabilities, split.labels)
        network.divide_logits(model, temperature)
        probabilities = reference(model, split)
    return Calibrated(probabilities, temperature, threshold(probabilities, split.labels, export.error_rate, name))


def reference(model: keras.Model, split: Shards) -> Probabilities:
    """Keras's probabilities for a split, float32 N x K, in its order."""
    return np.concatenate([np.asarray(model(images, training=False), np.float32) for images in split.batches()])


def threshold(probabilities: Probabilities, labels: Labels, error_rate: float | None, name: str) -> float | None:
    """The probability below which a prediction is `unsure`; None if params.yaml sets no error rate.

    Prints a warning that names the model, `name`, if every prediction would be unsure.
    """
    if error_rate is None:
        return None
    unsure_below = calibration.threshold(probabilities, labels, error_rate)
    if unsure_below == calibration.ABOVE_ALL:
        problem = f"export.error_rate: {error_rate:g} is out of reach on validation"
        print(f"{name}: {problem}: every prediction will be unsure", flush=True)
    return unsure_below
