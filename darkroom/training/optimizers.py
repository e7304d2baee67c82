"""Compiles a model as params.yaml says: Keras's loss, optimizer and learning-rate schedule."""

from dataclasses import dataclass
from typing import Any

import keras

from darkroom.config.arguments import STEPS
from darkroom.config.model import Fit
from darkroom.config.named_call import NamedCall
from darkroom.training import backend, keras_errors
from darkroom.training.muon import Muon
from darkroom.training.network import LOGITS
from darkroom.training.schedules import WarmUp


@dataclass(frozen=True)
class Length:
    """The length of a training, which turns `2 epochs` and `5 %` into steps."""

    epochs: int
    steps_per_epoch: int

    def steps(self, value: Any) -> Any:
        """`N epochs` or `N %` of the training as a whole number of steps; lists item by item; any other value unchanged."""
        if isinstance(value, list):
            return [self.steps(item) for item in value]
        match = STEPS.fullmatch(value) if isinstance(value, str) else None
        if not match:
            return value
        unit = self.steps_per_epoch if match[2] != "%" else self.epochs * self.steps_per_epoch / 100
        return round(float(match[1]) * unit)


def compile_model(model: keras.Model, fit: Fit, steps_per_epoch: int) -> None:
    """Compiles `model`. Raises DarkroomError for what Keras rejects."""
    optimizer = build(fit, model, steps_per_epoch)
    kind, arguments = getattr(keras.losses, fit.loss.name), fit.loss.keywords()
    with keras_errors.one_line(fit.loss.place):
        loss = kind(**arguments)
    model.compile(optimizer, loss=loss, metrics=["accuracy"], jit_compile=backend.JIT_COMPILE)


def build(fit: Fit, model: keras.Model, steps_per_epoch: int) -> keras.Optimizer:
    """The optimizer that `fit` names, with its warm-up.

    Weight decay applies to kernels only, not to biases and norms, as in He et al., "Bag of tricks for image classification"
    (2019), section 3.1. Raises DarkroomError for arguments that Keras rejects.
    """
    length, kind, arguments = Length(fit.epochs, steps_per_epoch), _class(fit.optimizer.name), fit.optimizer.keywords()
    rate = fit.optimizer.arguments.get("learning_rate")
    if isinstance(rate, NamedCall):
        arguments["learning_rate"] = schedule(rate, length)
    if fit.warmup and length.steps(fit.warmup) > 0:
        after = arguments.get("learning_rate", float(kind().learning_rate))  # if omitted, the optimizer's default
        arguments["learning_rate"] = WarmUp(length.steps(fit.warmup), after)
    with keras_errors.one_line(fit.optimizer.place):
        optimizer: keras.Optimizer = kind(**arguments)
    spared = [variable for variable in model.trainable_variables if "kernel" not in variable.name]
    optimizer.exclude_from_weight_decay(var_list=spared)
    if fit.optimizer.name == "Muon":
        optimizer.matrices = matrices(model)
    return optimizer


def schedule(call: NamedCall, length: Length) -> keras.optimizers.schedules.LearningRateSchedule:
    """The schedule that `call` names in keras.optimizers.schedules. Raises DarkroomError for arguments that Keras rejects."""
    kind = getattr(keras.optimizers.schedules, call.name)
    arguments = {key: length.steps(value) for key, value in call.keywords().items()}
    with keras_errors.one_line(call.place):
        rate: keras.optimizers.schedules.LearningRateSchedule = kind(**arguments)
    return rate


def matrices(model: keras.Model) -> frozenset[str]:
    """The paths of the kernels that Muon orthogonalises: all that mix channels, except the kernel of `logits`."""
    layers = [layer for layer in model._flatten_layers() if layer.name != LOGITS]
    mixing = [layer for layer in layers if not isinstance(layer, keras.layers.DepthwiseConv2D)]
    kernels = [weight for layer in mixing for weight in layer._trainable_variables if len(weight.shape) > 1]
    return frozenset(kernel.path for kernel in kernels if kernel.name in ("kernel", "pointwise_kernel"))


def _class(name: str) -> Any:
    """The class of that name in keras.optimizers; for Muon our own, which supports convolutions."""
    return Muon if name == "Muon" else getattr(keras.optimizers, name)
