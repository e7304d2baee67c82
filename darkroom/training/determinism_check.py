"""Finds the layers of a network that do not give the same bits from run to run on this device.

The check is empirical: each layer runs forward and backward on its inputs in training, several times from the same state, and
the bits are compared. If TensorFlow refuses to run a layer deterministically, its message is reported.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from darkroom.core.arrays import Pixels
from darkroom.training import backend, keras_errors

REPEATS = 3
INSTEAD = {  # by class, for TensorFlow on GPUs: a setting that has a deterministic kernel
    "Resizing": "interpolation: bilinear has one",
    "UpSampling2D": "interpolation: bilinear has one",
}
ELSE = "training.backend: jax may have one; training.deterministic: false does without"


def examine(model: keras.Model, images: Pixels) -> Iterator[str]:
    """A line for each layer whose result differs from run to run, or that is refused, and what to use instead."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    tensors = [list(layer.input) if isinstance(layer.input, list) else [layer.input] for layer in layers]
    inputs_of_all = keras.Model(model.inputs[0], tensors)
    try:
        values = inputs_of_all(images, training=False)
    except backend.ERRORS as error:
        yield f"the network as a whole: {keras_errors.reason(error)}; {ELSE}"
        return
    for layer, inputs in zip(layers, values, strict=True):
        if all("float" in keras.backend.standardize_dtype(value.dtype) for value in inputs) and (line := _fault(layer, inputs)):
            yield f"{layer.name} ({type(layer).__name__}): {line}"


def _fault(layer: keras.layers.Layer, inputs: list[Any]) -> str | None:
    """Why outputs and gradients of a layer do not have the same bits each time; None if they do.

    The layer's state is restored after each run.
    """
    state = [keras.ops.convert_to_numpy(variable) for variable in layer.variables]
    gradients = backend.gradients(layer, _weights)
    results = []
    for _ in range(REPEATS):
        try:
            results.append([np.asarray(keras.ops.convert_to_numpy(value)).tobytes() for value in gradients(inputs)])
        except backend.ERRORS as error:
            return f"{keras_errors.reason(error)}; {INSTEAD.get(type(layer).__name__, ELSE)}"
        finally:
            for variable, value in zip(layer.variables, state, strict=True):
                variable.assign(value)
    return None if all(result == results[0] for result in results) else f"not the same from call to call on this device; {ELSE}"


def _weights(shape: tuple[int, ...]) -> np.ndarray:
    """The weights of the sum whose gradient is taken: all different, so that a changed order of summation shows."""
    size = int(np.prod(shape))
    return (1 / np.arange(1, size + 1, dtype=np.float32)).reshape(shape)
