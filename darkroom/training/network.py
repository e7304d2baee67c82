"""Builds a Keras model from params.yaml: uint8 images in, probabilities out.

The last two layers of every model are `logits` (Dense) and `probabilities` (Softmax).
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from darkroom.config.model import NETWORKS, Model
from darkroom.config.named_call import NamedCall
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.training import architectures, keras_errors

LOGITS = "logits"


def build(chosen: Model, image: ImagePolicy, classes: int) -> keras.Model:
    """The network of one model: uint8 N x H x W x C, Rescaling to 0..1, the layers of `chosen`, `logits`, Softmax.

    `classes` is the number of classes. Raises DarkroomError, with the place of the layer, for arguments or shapes that Keras
    rejects.
    """
    inputs = keras.Input((image.height, image.width, image.channels), dtype="uint8", name="image")
    features = _body(keras.layers.Rescaling(1 / 255)(inputs), chosen)
    if len(features.shape) != 2:
        problem = f"the last output has the shape {features.shape[1:]}: add Flatten or a global pooling layer"
        raise DarkroomError(f"{chosen.at('layers')}: {problem}")
    logits = apply_layer(features, NamedCall("Dense", {"units": classes, "name": LOGITS, "dtype": "float32"}, chosen.place))
    return keras.Model(inputs, keras.layers.Softmax(name="probabilities", dtype="float32")(logits), name="network")


def chain(x: Any, layers: Sequence[NamedCall]) -> Any:
    """The layers that params.yaml lists, one after the other."""
    for call in layers:
        x = apply_layer(x, call)
    return x


BODIES: dict[str, Callable[[Any, Any], Any]] = {  # from the image in 0..1 to the features, by the key of params.yaml
    "layers": chain,
    "compact": architectures.compact,
    "residual": architectures.residual,
    "application": architectures.application,
}


def _body(x: Any, chosen: Model) -> Any:
    """The network that params.yaml describes by one of its keys."""
    (name,) = (name for name in NETWORKS if getattr(chosen, name) is not None)
    return BODIES[name](x, getattr(chosen, name))


def flip_averaged(model: keras.Model) -> keras.Model:
    """`model` with flip averaging: it predicts from the mean of the logits of an image and of its mirror image.

    Input, output and weights are the same. This is the test-time augmentation of Krizhevsky, Sutskever and Hinton, "ImageNet
    classification with deep convolutional neural networks" (2012), section 4.1, but it averages logits, so that a temperature
    does not change the predicted class. It costs two forward passes, which run as one batch.
    """
    logits = keras.Model(model.inputs[0], model.get_layer(LOGITS).output, name="network")
    image = keras.Input(model.input_shape[1:], dtype="uint8", name="image")
    both = logits(keras.ops.concatenate([image, image[:, :, ::-1]], axis=0))
    mean = keras.ops.mean(keras.ops.reshape(both, (2, -1, logits.output_shape[1])), axis=0)
    return keras.Model(image, keras.layers.Softmax(name="probabilities", dtype="float32")(mean), name="flip_averaging")


def divide_logits(model: keras.Model, temperature: float) -> None:
    """Folds a temperature into the weights of `logits`: the probabilities become softmax(logits / temperature)."""
    (logits,) = (layer for layer in model._flatten_layers() if layer.name == LOGITS)
    logits.set_weights([weight / np.float32(temperature) for weight in logits.get_weights()])


def in_float32(model: keras.Model) -> None:
    """Makes every layer compute in float32, whatever precision it was trained in; the weights are float32 already."""
    for layer in model._flatten_layers():
        layer.dtype_policy = "float32"


def apply_layer(x: Any, call: NamedCall) -> Any:
    """Applies one layer, by its name in keras.layers, to `x`. Raises DarkroomError with Keras's own message."""
    kind, arguments = getattr(keras.layers, call.name), call.keywords()
    with keras_errors.one_line(call.place):
        return kind(**arguments)(x)
