"""The families of networks that params.yaml may name, between the image in 0..1 and a vector of features."""

import hashlib
import sys
import warnings
from pathlib import Path
from typing import TypeAlias

import keras
from keras import layers

from darkroom.config import Place
from darkroom.config.architectures import Application, Compact, Residual, WeightsFile
from darkroom.core.errors import DarkroomError

Tensor: TypeAlias = keras.KerasTensor  # float32 N x H x W x C


def compact(image: Tensor, family: Compact) -> Tensor:
    """A stem, then stages: a convolution to the stage's width, then more of them, around shortcuts or not; pooled at the end.

    Where an image is halved, max pooling comes before the normalisation: a quarter of the values to normalise.
    """
    x = _normalised(layers.MaxPooling2D()(_convolved(image, family.stem_filters, family.stem_kernel)), family.activation)
    separable = family.convolution == "separable"

    def kernel(x: Tensor, filters: int) -> Tensor:
        return _separated(x, filters, family.activation) if separable else _convolved(x, filters, 3)

    for stage in family.stages:
        x = kernel(x, stage.filters)
        x = _normalised(layers.MaxPooling2D()(x) if stage.halve else x, family.activation)
        for _ in range(stage.convolutions - 1):
            branch = _excited(_normalised(kernel(x, stage.filters), family.activation), family.squeeze_excitation)
            x = layers.Add()([x, branch]) if family.shortcuts else branch
    pool = layers.GlobalMaxPooling2D if family.pooling == "max" else layers.GlobalAveragePooling2D
    return _dropped(pool()(x), family.dropout)


def residual(image: Tensor, family: Residual) -> Tensor:
    """WRN-depth-width of Zagoruyko and Komodakis, "Wide residual networks" (2016): pre-activation, basic blocks.

    Its dropout stands between the two convolutions of a block. A width of 1 is He et al.'s pre-activation network (2016).
    """
    x = _convolved(image, 16, 3)
    for filters, strides in ((16 * family.width, 1), (32 * family.width, 2), (64 * family.width, 2)):
        for block in range((family.depth - 4) // 6):
            step = strides if block == 0 else 1
            active = _normalised(x, "relu")
            widened = x.shape[-1] != filters or step != 1
            shortcut = _convolved(active, filters, 1, step) if widened else x
            branch = _normalised(_convolved(active, filters, 3, step), "relu")
            branch = _convolved(_dropped(branch, family.dropout), filters, 3)
            x = layers.Add()([shortcut, _excited(branch, family.squeeze_excitation)])
    return layers.GlobalAveragePooling2D()(_normalised(x, "relu"))


def application(image: Tensor, family: Application, where: Place) -> Tensor:
    """A network of keras.applications without its head, averaged over the image, after what adapts the image to it.

    Grey becomes colour, the image is resized to `size`, and the network's own `preprocess_input` follows. Raises DarkroomError
    for weights that cannot be had.
    """
    x = image if image.shape[-1] == 3 else keras.layers.Concatenate()([image] * 3)
    if x.shape[1:3] != (family.size, family.size):
        x = keras.layers.Resizing(family.size, family.size)(x)
    make = getattr(keras.applications, family.name)
    x = sys.modules[make.__module__].preprocess_input(keras.layers.Rescaling(255.0)(x))
    weights = _checked(family.weights, where) if isinstance(family.weights, WeightsFile) else family.weights
    try:
        with warnings.catch_warnings(action="ignore"):  # that ImageNet's images are larger
            network = make(include_top=False, weights=weights, input_tensor=x, pooling="avg")
    except Exception as error:  # Keras raises bare Exceptions where it cannot download
        raise DarkroomError(f"{where}: {family.name}: {' '.join(str(error).split())}") from None
    for layer in network.layers:
        layer.trainable = family.trainable
    return _dropped(network.output, family.dropout)


def _checked(weights: WeightsFile, where: Place) -> str:
    path = Path(weights.file)
    if not path.is_file():
        raise DarkroomError(f"{where.at('weights', 'file')}: {path}: no such file")
    if hashlib.sha256(path.read_bytes()).hexdigest() != weights.sha256:
        raise DarkroomError(f"{where.at('weights', 'sha256')}: {path} is another file: its SHA-256 differs")
    return str(path)


def _convolved(x: Tensor, filters: int, size: int, strides: int = 1) -> Tensor:
    """He et al., "Delving deep into rectifiers" (2015): weights drawn so that the spread of values survives the depth."""
    convolution = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal")
    return convolution(x)


def _separated(x: Tensor, filters: int, activation: str) -> Tensor:
    """A depthwise-separable convolution, normalised between its halves: Howard et al., "MobileNets" (2017)."""
    each = layers.DepthwiseConv2D(3, padding="same", use_bias=False, depthwise_initializer="he_normal")(x)
    return _convolved(_normalised(each, activation), filters, 1)


def _excited(x: Tensor, reduction: int) -> Tensor:
    """Hu et al., "Squeeze-and-excitation networks" (2018): channels weighed by what the whole image holds."""
    if reduction == 0:
        return x
    channels = x.shape[-1]
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
    hidden = layers.Conv2D(max(1, channels // reduction), 1, activation="relu")(squeezed)
    return layers.Multiply()([x, layers.Conv2D(channels, 1, activation="sigmoid")(hidden)])


def _normalised(x: Tensor, activation: str) -> Tensor:
    return layers.Activation(activation)(layers.BatchNormalization()(x))


def _dropped(x: Tensor, rate: float) -> Tensor:
    return layers.Dropout(rate)(x) if rate else x
