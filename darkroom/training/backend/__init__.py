"""What differs between TensorFlow and JAX under Keras. As in Keras itself, the backend is chosen on import.

start(deterministic) -> str             enables deterministic operators; returns a description of the device
ERRORS                                  the exceptions that Keras and the backend raise for inputs that they reject
JIT_COMPILE                             the argument `jit_compile` of Keras's `compile`
dataset(batches, shapes, errors)        the batches of a generator function in the form that `fit` takes
finite_dataset(split, shapes, errors)   a PyDataset in the form that `fit` takes for validation
on_cpu(function)                        a function of arrays, compiled to one graph that runs on the CPU
gradients(layer, weights_of)            outputs and gradients of a layer, for the determinism check
build_variables(model)                  creates the variables that `fit` would create in its first step
connected(cluster), distribute(), from_first(content, shard): several processes and devices

An exception raised while a batch is made is added to `errors` if the backend passes on only its text.
"""

import keras

if keras.backend.backend() == "tensorflow":
    from darkroom.training.backend.on_tensorflow import (
        ERRORS,
        JIT_COMPILE,
        build_variables,
        connected,
        dataset,
        distribute,
        finite_dataset,
        from_first,
        gradients,
        on_cpu,
        start,
    )
else:
    from darkroom.training.backend.on_jax import (
        ERRORS,
        JIT_COMPILE,
        build_variables,
        connected,
        dataset,
        distribute,
        finite_dataset,
        from_first,
        gradients,
        on_cpu,
        start,
    )

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
