"""What differs between TensorFlow and JAX under Keras. As in Keras itself, the backend is chosen when this is imported.

start(deterministic) -> str             makes operators deterministic; the device in words
ERRORS                                  the exceptions with which Keras and the backend refuse what they are given
JIT_COMPILE                             what `compile` is told of XLA
dataset(batches, shapes)                a generator function of batches as `fit` takes it
finite_dataset(split, shapes)           a PyDataset as `fit` takes it for validation
on_cpu(function)                        a function of arrays as one graph that runs on the CPU
gradients(layer, weights_of)            outputs and gradients of a layer, for the determinism check
build_variables(model)                  makes the variables that `fit` would make in its first step
together(cluster), distribute(), from_first(content, shard): several processes and devices
"""

import keras

if keras.backend.backend() == "tensorflow":
    from darkroom.training.backend.on_tensorflow import (
        ERRORS,
        JIT_COMPILE,
        build_variables,
        dataset,
        distribute,
        finite_dataset,
        from_first,
        gradients,
        on_cpu,
        start,
        together,
    )
else:
    from darkroom.training.backend.on_jax import (
        ERRORS,
        JIT_COMPILE,
        build_variables,
        dataset,
        distribute,
        finite_dataset,
        from_first,
        gradients,
        on_cpu,
        start,
        together,
    )

__all__ = [
    "ERRORS",
    "JIT_COMPILE",
    "build_variables",
    "dataset",
    "distribute",
    "finite_dataset",
    "from_first",
    "gradients",
    "on_cpu",
    "start",
    "together",
]
