"""Which layers of a network are not the same from run to run on this device. Import it behind `runtime.start`: it needs Keras.

Nothing is taken from a list: each layer is given what it will be given in training, forward and back, a few times from the same
state, and the bits are compared. What TensorFlow refuses while it is told to be deterministic is told in its own words.
"""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from darkroom.launch import backend
from darkroom.training.augmentation import Pixels
from darkroom.training.network import reason

REPEATS = 3
INSTEAD = {  # by class and what of it has no deterministic kernel on GPUs in TensorFlow
    "Resizing": "interpolation: bilinear has one",
    "UpSampling2D": "interpolation: bilinear has one",
}
Gradients = Callable[[list[Any]], list[Any]]
ELSE = "training.backend: jax may have one; training.deterministic: false does without"


def examine(model: keras.Model, images: Pixels) -> Iterator[str]:
    """A line for each layer that answers otherwise the second time, or is refused, and what to use instead."""
    refusals = backend.refusals()
    try:
        tried = list(_inputs(model, images))
    except refusals as error:
        yield f"the network as a whole: {reason(error)}; {ELSE}"
        return
    for layer, given in tried:
        kind = type(layer).__name__
        try:
            if not _is_steady(layer, given):
                yield f"{layer.name} ({kind}): not the same from call to call on this device; {ELSE}"
        except refusals as error:
            yield f"{layer.name} ({kind}): {reason(error)}; {INSTEAD.get(kind, ELSE)}"


def _inputs(model: keras.Model, images: Pixels) -> Iterator[tuple[keras.layers.Layer, list[Any]]]:
    """Each layer that computes on real numbers, with what it is given for these images."""
    layers = [it for it in model.layers if not isinstance(it, keras.layers.InputLayer)]
    wanted = [list(it.input) if isinstance(it.input, list) else [it.input] for it in layers]
    values = keras.Model(model.inputs[0], wanted)(images, training=False)
    for layer, given in zip(layers, values, strict=True):
        if all("float" in keras.backend.standardize_dtype(it.dtype) for it in given):
            yield layer, given


def _is_steady(layer: keras.layers.Layer, given: list[Any]) -> bool:
    """Are outputs and gradients the same bits each time? The layer's state is put back behind each."""
    state = [keras.ops.convert_to_numpy(it) for it in layer.variables]
    gradients = _gradients(layer)
    found = []
    for _ in range(REPEATS):
        try:
            found.append([np.asarray(keras.ops.convert_to_numpy(it)).tobytes() for it in gradients(given)])
        finally:
            for variable, value in zip(layer.variables, state, strict=True):
                variable.assign(value)
    return all(it == found[0] for it in found)


def _gradients(layer: keras.layers.Layer) -> Gradients:
    """Gives the output of a layer in training, and the gradient of a weighted sum of it by its inputs and its weights."""
    return _on_tensorflow(layer) if keras.backend.backend() == "tensorflow" else _on_jax(layer)


def _called(layer: keras.layers.Layer, given: list[Any]) -> Any:
    return layer(given if len(given) > 1 else given[0], training=True)


def _weights(shape: Any) -> np.ndarray:
    """Of the sum: no two alike, so that a changed order shows."""
    size = int(np.prod(shape))
    return (1 / np.arange(1, size + 1, dtype=np.float32)).reshape(shape)


def _on_tensorflow(layer: keras.layers.Layer) -> Gradients:
    import tensorflow as tf

    def gradients(given: list[Any]) -> list[Any]:
        weights = [it.value for it in layer.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(given)
            output = _called(layer, given)
            total = tf.reduce_sum(tf.cast(output, "float32") * _weights(output.shape))
        return [output, *tape.gradient(total, [*given, *weights], unconnected_gradients="zero")]

    return gradients


def _on_jax(layer: keras.layers.Layer) -> Gradients:
    import jax

    variables = [*layer.trainable_variables, *layer.non_trainable_variables]

    def total(given: list[Any], weights: list[Any], others: list[Any]) -> tuple[Any, Any]:
        with keras.StatelessScope(state_mapping=list(zip(variables, [*weights, *others], strict=True))):
            output = _called(layer, given)
        return (output.astype("float32") * _weights(output.shape)).sum(), output

    compiled = jax.jit(jax.grad(total, argnums=(0, 1), has_aux=True))

    def gradients(given: list[Any]) -> list[Any]:
        weights, others = ([it.value for it in part] for part in (layer.trainable_variables, layer.non_trainable_variables))
        (by_inputs, by_weights), output = compiled(given, weights, others)
        return [output, *by_inputs, *by_weights]

    return gradients
