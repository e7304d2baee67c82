"""Finds the layers of a network whose results are not bit-identical from run to run on this device.

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
ALTERNATIVES = {  # by class, for TensorFlow on GPUs: a setting that has a deterministic kernel
    "Resizing": "interpolation: bilinear has one",
    "UpSampling2D": "interpolation: bilinear has one",
}
ADVICE = "training.backend: jax may have one; training.deterministic: false does not require one"


def examine(model: keras.Model, images: Pixels) -> Iterator[str]:
    """A line for each layer whose result differs from run to run, or that TensorFlow refuses, with an alternative."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    tensors = [list(layer.input) if isinstance(layer.input, list) else [layer.input] for layer in layers]
    all_inputs = keras.Model(model.inputs[0], tensors)
    try:
        values = all_inputs(images, training=False)
    except backend.ERRORS as error:
        yield f"the network as a whole: {keras_errors.reason(error)}; {ADVICE}"
        return
    for layer, inputs in zip(layers, values, strict=True):
        if all("float" in keras.backend.standardize_dtype(value.dtype) for value in inputs) and (line := _fault(layer, inputs)):
            yield f"{layer.name} ({type(layer).__name__}): {line}"


def _fault(layer: keras.layers.Layer, inputs: list[Any]) -> str | None:
    """Why outputs and gradients of a layer are not bit-identical each time; None if they are.

    The layer's state is restored after each run.
    """
    state = [keras.ops.convert_to_numpy(variable) for variable in layer.variables]
    gradients = backend.gradients(layer, _weights)
    results = []
    for _ in range(REPEATS):
        try:
            results.append([np.asarray(keras.ops.convert_to_numpy(value)).tobytes() for value in gradients(inputs)])
        except backend.ERRORS as error:
            return f"{keras_errors.reason(error)}; {ALTERNATIVES.get(type(layer).__name__, ADVICE)}"
        finally:
            for variable, value in zip(layer.variables, state, strict=True):
                variable.assign(value)
    if all(result == results[0] for result in results):
        return None
    return f"not bit-identical from call to call on this device; {ADVICE}"


def _weights(shape: tuple[int, ...]) -> np.ndarray:
    """The weights of the sum whose gradient is taken: all different, so that a changed order of summation shows."""
    size = int(np.prod(shape))
    return (1 / np.arange(1, size + 1, dtype=np.float32)).reshape(shape)
