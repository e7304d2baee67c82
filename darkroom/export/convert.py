"""Converts a Keras model to ONNX by tf2onnx, with an explicit signature: `image` in, `probabilities` out.

Imports TensorFlow and Keras: configure the backend first (`darkroom.launch.backend`).
"""

import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import onnx
import tensorflow as tf
import tf2onnx

from darkroom.export import determinism, operators, simplify
from darkroom.export.canonical import MARK, check
from darkroom.inference.session import INPUT, OUTPUT


def to_onnx(model: keras.Model, opset: int) -> onnx.ModelProto:
    """The ONNX form of a model that maps uint8 N x H x W x C to float32 N x K; N is free.

    Raises DarkroomError for a layer that has no ONNX form. tf2onnx only logs such a layer, so the result is checked.
    """
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8, name=INPUT)]
    function = traced(model, signature)
    with contextlib.redirect_stderr(io.StringIO()), determinism.ordered():
        converted, _ = tf2onnx.convert.from_function(
            _Traced(function),
            input_signature=signature,
            opset=opset,
            custom_op_handlers=operators.HANDLERS,
            custom_rewriter=[operators.scalar_addends],
        )
    _bind_constants(converted, function)
    check(converted)
    return simplify.simplified(converted)


def traced(model: keras.Model, signature: list[Any]) -> Any:
    """The TensorFlow graph of `model`, with every operation named after its layer.

    Keras compiles grouped convolutions with XLA into functions that tf2onnx cannot inspect. Run eagerly, they are traced into
    the graph like all other operations.
    """

    def answer(image: Any) -> dict[str, Any]:
        return {OUTPUT: model(image, training=False)}

    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        with _marked_names(model):
            return tf.compat.v1.wrap_function(answer, signature)
    finally:
        tf.config.run_functions_eagerly(eager)


@dataclass(frozen=True)
class _Traced:
    """The part of tf.function's interface that tf2onnx uses."""

    function: Any

    def get_concrete_function(self, *_: object) -> Any:
        return self.function


@contextlib.contextmanager
def _marked_names(model: keras.Model) -> Iterator[None]:
    """Appends a mark to every layer's name, to separate it from the number that TensorFlow appends to a repeated name."""
    layers = {id(layer): layer for layer in model._flatten_layers()}.values()
    names = [layer.name for layer in layers]
    try:
        for layer, name in zip(layers, names, strict=True):
            layer.name = name + MARK
        yield
    finally:
        for layer, name in zip(layers, names, strict=True):
            layer.name = name


def _bind_constants(model: onnx.ModelProto, function: Any) -> None:
    """Turns tensors that a layer holds as constants into initializers; tf2onnx leaves them as graph inputs."""
    constants = {inner.name: outer for outer, inner in function.graph.captures}
    for value in list(model.graph.input):
        if value.name in constants:
            model.graph.initializer.append(onnx.numpy_helper.from_array(constants[value.name].numpy(), value.name))
            model.graph.input.remove(value)
