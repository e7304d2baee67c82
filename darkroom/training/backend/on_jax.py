"""Keras on JAX: all devices of all processes."""

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np

from darkroom.core.arrays import Shapes
from darkroom.core.errors import DarkroomError
from darkroom.launch.distributed.processes import connected, from_first
from darkroom.launch.distributed.shard import Shard

__all__ = [
    "ERRORS",
    "JIT_COMPILE",
    "build_variables",
    "connected",
    "dataset",
    "distribute",
    "finite_dataset",
    "from_first",
    "gradients",
    "on_cpu",
    "start",
]

ERRORS: tuple[type[Exception], ...] = (ValueError, TypeError, RuntimeError)  # JAX's own are RuntimeErrors
JIT_COMPILE = True


def start(deterministic: bool) -> str:
    """Returns a description of the device; `launch.backend` made XLA deterministic before it was loaded."""
    del deterministic
    warnings.filterwarnings("ignore", message="Explicitly requested dtype int64", module="jax")
    device = jax.devices()[0]
    if device.platform == "cpu":
        return f"the CPU ({os.cpu_count()} cores): JAX {jax.__version__} sees no GPU"
    return f"the GPU {device.device_kind} with JAX {jax.__version__}"


def dataset(batches: Callable[[], Iterator[Any]], shapes: Shapes, errors: list[Exception]) -> Iterator[Any]:
    """The batches that `batches()` yields; its exceptions reach the caller of `fit`."""
    del shapes, errors
    return batches()


def finite_dataset(split: keras.utils.PyDataset, shapes: Shapes, errors: list[Exception]) -> keras.utils.PyDataset:
    """`split` itself: `fit` reads a PyDataset in order, for any number of passes."""
    del shapes, errors
    return split


def on_cpu(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as one graph that runs on the CPU, even beside a GPU; eager calls would dispatch every operation singly."""
    graph = jax.jit(function)
    cpu = jax.local_devices(backend="cpu")[0]  # "cpu:0" would be the first process's

    def call(*arguments: Any) -> Any:
        with jax.default_device(cpu):
            return graph(*arguments)

    return call


def gradients(layer: keras.layers.Layer, weights_of: Callable[[Any], np.ndarray]) -> Callable[[list[Any]], list[Any]]:
    """A function of a layer's inputs that returns its output in training mode, then gradients.

    These are the gradients of a weighted sum of the output with respect to the inputs and the layer's weights;
    `weights_of(shape)` returns the weights of the sum.
    """
    parts = (layer.trainable_variables, layer.non_trainable_variables)

    def total(inputs: list[Any], *values: list[Any]) -> tuple[Any, Any]:
        pairs = [pair for part, part_values in zip(parts, values, strict=True) for pair in zip(part, part_values, strict=True)]
        with keras.StatelessScope(state_mapping=pairs):
            output = layer(inputs if len(inputs) > 1 else inputs[0], training=True)
        return (output.astype("float32") * weights_of(output.shape)).sum(), output

    compiled = jax.jit(jax.grad(total, argnums=(0, 1), has_aux=True))

    def call(inputs: list[Any]) -> list[Any]:
        (by_inputs, by_weights), output = compiled(inputs, *([variable.value for variable in part] for part in parts))
        return [output, *by_inputs, *by_weights]

    return call


def build_variables(model: keras.Model) -> None:
    """Does nothing: on JAX, Keras creates all variables before the first step."""
    del model


def distribute() -> Shard:
    """Makes Keras use all devices of all processes; returns this process's shard. Raises DarkroomError if they are uneven."""
    shard = Shard(jax.process_index(), jax.process_count(), jax.device_count())
    if jax.local_device_count() * shard.processes != shard.devices:
        count = f"{jax.local_device_count()} of {shard.devices} devices here"
        raise DarkroomError(f"{count}: every process needs the same number")
    if shard.devices > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    if not shard.is_first:
        print(f"process {shard.process} of {shard.processes} is running; process 0 reports the progress", flush=True)
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 (until the process ends)
    return shard
