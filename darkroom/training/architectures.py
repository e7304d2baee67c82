"""The families of networks that params.yaml may name: from an image in 0..1 to a vector of features."""

import sys
import warnings
import zipfile
from pathlib import Path
from typing import TypeAlias

import keras
from keras import layers

from darkroom.config.architectures import Application, Compact, Residual, WeightsFile
from darkroom.core import digests
from darkroom.core.errors import DarkroomError
from darkroom.core.yaml_source import Place
from darkroom.training import keras_errors

Tensor: TypeAlias = keras.KerasTensor  # float32 N x H x W x C
UNUSABLE = (ValueError, KeyError, OSError, zipfile.BadZipFile)  # for weights of another network, or a file without weights


def compact(image: Tensor, family: Compact) -> Tensor:
    """A stem, then stages of convolutions, then global pooling.

    The first convolution of a stage sets its width; each of the others may have a shortcut around it. Where a stage halves the
    image, max pooling precedes batch normalisation, which then has a quarter of the values to normalise. Raises DarkroomError
    for more halvings than the size of the image allows.
    """
    x = _batch_norm(_halved(_conv(image, family.stem_filters, family.stem_kernel), family.place), family.activation)
    separable = family.convolution == "separable"

    def convolve(x: Tensor, filters: int) -> Tensor:
        return _separable_conv(x, filters, family.activation) if separable else _conv(x, filters, 3)

    for stage in family.stages:
        x = convolve(x, stage.filters)
        x = _batch_norm(_halved(x, stage.place) if stage.halve else x, family.activation)
        for _ in range(stage.convolutions - 1):
            branch = _squeeze_excite(_batch_norm(convolve(x, stage.filters), family.activation), family.squeeze_excitation)
            x = layers.Add()([x, branch]) if family.shortcuts else branch
    pool = layers.GlobalMaxPooling2D if family.pooling == "max" else layers.GlobalAveragePooling2D
    return _dropout(pool()(x), family.dropout)


def residual(image: Tensor, family: Residual) -> Tensor:
    """WRN-depth-width of Zagoruyko and Komodakis, "Wide residual networks" (2016): pre-activation, basic blocks.

    Dropout is between the two convolutions of a block. A width of 1 is the pre-activation network of He et al. (2016).
    """
    x = _conv(image, 16, 3)
    for filters, strides in ((16 * family.width, 1), (32 * family.width, 2), (64 * family.width, 2)):
        for block in range((family.depth - 4) // 6):
            step = strides if block == 0 else 1
            active = _batch_norm(x, "relu")
            projects = x.shape[-1] != filters or step != 1
            shortcut = _conv(active, filters, 1, step) if projects else x
            branch = _batch_norm(_conv(active, filters, 3, step), "relu")
            branch = _conv(_dropout(branch, family.dropout), filters, 3)
            x = layers.Add()([shortcut, _squeeze_excite(branch, family.squeeze_excitation)])
    return layers.GlobalAveragePooling2D()(_batch_norm(x, "relu"))


def application(image: Tensor, family: Application) -> Tensor:
    """A network of keras.applications without its head, with global average pooling.

    Before it, a grey image is repeated in three channels, the image is resized to `size`, and the network's own
    `preprocess_input` is applied. Raises DarkroomError for weights that cannot be loaded.
    """
    x = image if image.shape[-1] == 3 else keras.layers.Concatenate()([image] * 3)
    if x.shape[1:3] != (family.size, family.size):
        x = keras.layers.Resizing(family.size, family.size)(x)
    make = getattr(keras.applications, family.name)
    x = sys.modules[make.__module__].preprocess_input(keras.layers.Rescaling(255.0)(x))
    weights = _verified_path(family.weights) if isinstance(family.weights, WeightsFile) else family.weights
    try:
        with warnings.catch_warnings(action="ignore"):  # Keras warns that ImageNet's images are larger
            network = make(include_top=False, weights=weights, input_tensor=x, pooling="avg")
    except Exception as error:
        if not isinstance(error, UNUSABLE) and type(error) is not Exception:  # what `get_file` raises if a download fails
            raise
        raise DarkroomError(f"{family.place}: {family.name}: {keras_errors.reason(error)}") from None
    for layer in network.layers:
        layer.trainable = family.trainable
    return _dropout(network.output, family.dropout)


def _verified_path(weights: WeightsFile) -> str:
    path = Path(weights.file)
    if not path.is_file():
        raise DarkroomError(f"{weights.at('file')}: {path}: no such file")
    if digests.of_file(path) != weights.sha256:
        raise DarkroomError(f"{weights.at('sha256')}: {path} is another file: its SHA-256 differs")
    return str(path)


def _halved(x: Tensor, place: Place) -> Tensor:
    with keras_errors.one_line(place):
        return layers.MaxPooling2D()(x)


def _conv(x: Tensor, filters: int, size: int, strides: int = 1) -> Tensor:
    """A convolution with the initialisation of He et al., "Delving deep into rectifiers" (2015), which keeps the variance."""
    convolution = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal")
    return convolution(x)


def _separable_conv(x: Tensor, filters: int, activation: str) -> Tensor:
    """A depthwise separable convolution with batch normalisation between its two parts: Howard et al., "MobileNets" (2017)."""
    depthwise = layers.DepthwiseConv2D(3, padding="same", use_bias=False, depthwise_initializer="he_normal")(x)
    return _conv(_batch_norm(depthwise, activation), filters, 1)


def _squeeze_excite(x: Tensor, reduction: int) -> Tensor:
    """Hu et al., "Squeeze-and-excitation networks" (2018): channels scaled by gates computed from their means."""
    if reduction == 0:
        return x
    channels = x.shape[-1]
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
    hidden = layers.Conv2D(max(1, channels // reduction), 1, activation="relu")(squeezed)
    return layers.Multiply()([x, layers.Conv2D(channels, 1, activation="sigmoid")(hidden)])


def _batch_norm(x: Tensor, activation: str) -> Tensor:
    return layers.Activation(activation)(layers.BatchNormalization()(x))


def _dropout(x: Tensor, rate: float) -> Tensor:
    return layers.Dropout(rate)(x) if rate else x
