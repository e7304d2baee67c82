"""Keras on TensorFlow: one process, one device."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from darkroom.core.arrays import Shapes
from darkroom.launch.distributed.cluster import Cluster
from darkroom.launch.distributed.shard import Shard

ERRORS: tuple[type[Exception], ...] = (ValueError, TypeError, RuntimeError, tf.errors.OpError)
JIT_COMPILE = False  # XLA slows convolutions on CPUs and rules out deterministic max-pooling gradients
PREFETCH = 2


def start(deterministic: bool) -> str:
    """Enables deterministic operators; returns a description of the device."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"tf2onnx|tensorflow")
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return f"the CPU ({os.cpu_count()} cores): TensorFlow {tf.__version__} sees no GPU"
    for gpu in gpus:  # take memory as needed, so that two runs can share a card
        tf.config.experimental.set_memory_growth(gpu, True)
    names = [str(tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)) for gpu in gpus]
    others = f", one of {len(gpus)}: training.backend: jax uses all" * (len(gpus) > 1)
    return f"the GPU {names[0]} with TensorFlow {tf.__version__}{others}"


def dataset(batches: Callable[[], Iterator[Any]], shapes: Shapes, errors: list[Exception]) -> tf.data.Dataset:
    """The batches that `batches()` yields, a few of them prefetched. `shapes` has no batch dimension.

    An exception from `batches` is added to `errors`: TensorFlow raises one of its own, which keeps only the text.
    """

    def recording() -> Iterator[Any]:
        try:
            yield from batches()
        except Exception as error:
            errors.append(error)
            raise

    options = tf.data.Options()
    options.autotune.enabled = False  # its thread may sleep up to a minute past the end of an iterator, while `fit` waits
    signature = tuple(tf.TensorSpec((None, *shape), dtype) for shape, dtype in shapes)
    return tf.data.Dataset.from_generator(recording, output_signature=signature).prefetch(PREFETCH).with_options(options)


def finite_dataset(split: keras.utils.PyDataset, shapes: Shapes, errors: list[Exception]) -> tf.data.Dataset:
    """`split` in order, for any number of passes."""
    cardinality = tf.data.experimental.assert_cardinality(len(split))
    return dataset(lambda: (split[index] for index in range(len(split))), shapes, errors).apply(cardinality)


def on_cpu(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as one graph that runs on the CPU, even beside a GPU; eager calls would dispatch every operation singly."""
    graph = tf.function(function, autograph=False, reduce_retracing=True)

    def call(*arguments: Any) -> Any:
        with tf.device("cpu:0"):
            return graph(*arguments)

    return call


def gradients(layer: keras.layers.Layer, weights_of: Callable[[Any], np.ndarray]) -> Callable[[list[Any]], list[Any]]:
    """A function of a layer's inputs that returns its output in training mode, then gradients.

    These are the gradients of a weighted sum of the output with respect to the inputs and the layer's weights;
    `weights_of(shape)` returns the weights of the sum.
    """

    def call(inputs: list[Any]) -> list[Any]:
        weights = [variable.value for variable in layer.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output = layer(inputs if len(inputs) > 1 else inputs[0], training=True)
            total = tf.reduce_sum(tf.cast(output, "float32") * weights_of(output.shape))
        return [output, *tape.gradient(total, [*inputs, *weights], unconnected_gradients="zero")]

    return call


def build_variables(model: keras.Model) -> None:
    """Creates the variables of optimizer and metrics, which Keras would create in the first step."""
    model.optimizer.build(model.trainable_variables)
    targets = np.zeros((1, model.output_shape[1]), np.float32)
    model.test_on_batch(np.zeros((1, *model.input_shape[1:]), np.uint8), targets)


def connected(cluster: Cluster | None) -> AbstractContextManager[None]:
    """Does nothing: `launch.distributed.cluster` refuses several processes on TensorFlow."""
    del cluster
    return nullcontext()


def distribute() -> Shard:
    """One shard, the whole batch: TensorFlow's distribution strategies fail in `fit` under Keras 3."""
    return Shard()


def from_first(content: bytes, shard: Shard) -> bytes:
    """`content`: there is only one process."""
    del shard
    return content
