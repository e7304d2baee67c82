"""From params.yaml to a Keras model: uint8 images in, probabilities out, the named layers between."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeline.data.images import ImagePolicy
from pipeline.errors import Refusal
from pipeline.params import Place
from pipeline.params.call import Call

if TYPE_CHECKING:
    import keras


def build(layers: Sequence[Call], image: ImagePolicy, classes: int, where: Place) -> "keras.Model":
    """A Sequential model: uint8 N x H x W x C, Rescaling to 0..1, `layers`, and a softmax over `classes`.

    Raises Refusal, which names `where` and the layer, for arguments or shapes that Keras does not take.
    """
    import keras

    shape = (image.height, image.width, image.channels)
    model = keras.Sequential([keras.Input(shape, dtype="uint8", name="image"), keras.layers.Rescaling(1 / 255)])
    for position, call in enumerate(layers):
        add(model, call, where.at("layers", position, call.name))
    if len(model.output_shape) != 2:
        ends = f"the last one gives a shape of {model.output_shape[1:]}: add Flatten or a global pooling layer"
        raise Refusal(f"{where.at('layers')}: {ends}")
    add(model, Call("Dense", {"units": classes, "activation": "softmax", "name": "probabilities"}), where.at("layers"))
    return model


def flip_averaged(model: "keras.Model") -> "keras.Model":
    """The mean of what `model` says of an image and of its mirror image; same input, output and weights as `model`.

    Test-time augmentation as in Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks" (2012), section 4.1. An answer costs two passes.
    """
    import keras

    image = keras.Input(model.input_shape[1:], dtype="uint8", name="image")
    average = keras.layers.Average(name="probabilities")
    return keras.Model(image, average([model(image), model(image[:, :, ::-1])]))


def add(model: Any, call: Call, where: Place) -> None:
    """Adds one layer by its name in keras.layers. Raises Refusal with Keras's own reason."""
    import keras

    (arguments,) = call.plain().values()
    try:
        model.add(getattr(keras.layers, call.name)(**arguments))
    except (ValueError, TypeError) as error:
        raise Refusal(f"{where}: {reason(error)}") from None


def reason(error: Exception) -> str:
    """Keras's message in one line, without the state of the layer that it appends."""
    text = str(error).split("Arguments received by", maxsplit=1)[0]
    return " ".join(text.split()) or type(error).__name__
