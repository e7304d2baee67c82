"""Finds the layers of a network that do not give the same bits from run to run on this device.

The check is empirical: each layer runs forward and backward on its inputs in training, several times from the same state, and
the bits are compared. If TensorFlow refuses to run a layer deterministically, its message is reported.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from darkroom.training import backend
from darkroom.training.augmentation import Pixels
from darkroom.training.network import reason

REPEATS = 3
INSTEAD = {  # by class, for TensorFlow on GPUs: a setting that has a deterministic kernel
    "Resizing": "interpolation: bilinear has one",
    "UpSampling2D": "interpolation: bilinear has one",
}
ELSE = "training.backend: jax may have one; training.deterministic: false does without"


def examine(model: keras.Model, images: Pixels) -> Iterator[str]:
    """A line for each layer whose result differs from run to run, or that is refused, and what to use instead."""
    try:
        inputs = list(_inputs(model, images))
    except backend.ERRORS as error:
        yield f"the network as a whole: {reason(error)}; {ELSE}"
        return
    for layer, values in inputs:
        kind = type(layer).__name__
        try:
            if not _is_deterministic(layer, values):
                yield f"{layer.name} ({kind}): not the same from call to call on this device; {ELSE}"
        except backend.ERRORS as error:
            yield f"{layer.name} ({kind}): {reason(error)}; {INSTEAD.get(kind, ELSE)}"


def _inputs(model: keras.Model, images: Pixels) -> Iterator[tuple[keras.layers.Layer, list[Any]]]:
    """Each layer with floating-point inputs, and its inputs for these images."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    tensors = [list(layer.input) if isinstance(layer.input, list) else [layer.input] for layer in layers]
    inputs = keras.Model(model.inputs[0], tensors)(images, training=False)
    for layer, values in zip(layers, inputs, strict=True):
        if all("float" in keras.backend.standardize_dtype(value.dtype) for value in values):
            yield layer, values


def _is_deterministic(layer: keras.layers.Layer, inputs: list[Any]) -> bool:
    """Whether outputs and gradients have the same bits each time. The layer's state is restored after each run."""
    state = [keras.ops.convert_to_numpy(variable) for variable in layer.variables]
    gradients = backend.gradients(layer, _weights)
    results = []
    for _ in range(REPEATS):
        try:
            results.append([np.asarray(keras.ops.convert_to_numpy(value)).tobytes() for value in gradients(inputs)])
        finally:
            for variable, value in zip(layer.variables, state, strict=True):
                variable.assign(value)
    return all(result == results[0] for result in results)


def _weights(shape: Any) -> np.ndarray:
    """The weights of the sum whose gradient is taken: all different, so that a changed order of summation shows."""
    size = int(np.prod(shape))
    return (1 / np.arange(1, size + 1, dtype=np.float32)).reshape(shape)
