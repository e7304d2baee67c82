"""Every way to call a model in Keras and TensorFlow. Imports both: configure the backend first."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from darkroom.training import keras_file, network

Call = Callable[[np.ndarray], np.ndarray]


def set_threads(threads: int) -> None:
    """Limits TensorFlow to `threads` threads; only possible before its first use."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)  # so that branches of a network may run side by side


def calls(path: Path, temperature: float, shape: tuple[int, ...]) -> dict[str, Call]:
    """The ways by name: each takes uint8 images of `shape` and returns probabilities. The network is prepared as in export."""
    model = keras_file.load(path)
    network.in_float32(model)
    network.divide_logits(model, temperature)
    signature = [tf.TensorSpec(shape, tf.uint8)]
    plain, xla = (tf.function(lambda images: model(images, training=False), signature, jit_compile=jit) for jit in (None, True))
    return {
        "Keras `predict`": lambda images: model.predict(images, batch_size=len(images), verbose=0),  # the default is 32
        "Keras, direct call": lambda images: model(images, training=False).numpy(),
        "`tf.function`": lambda images: plain(images).numpy(),
        "`tf.function`, XLA": lambda images: xla(images).numpy(),
    }
