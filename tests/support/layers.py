"""Exports every layer that params.yaml can name, and compares; `python -m tests.support.layers` prints a table.

Each layer is placed between a convolution and a Dense layer, with random weights large enough for the answers to depend on the
image, so that an error in the layer shows.
"""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import onnx

from darkroom.config import exportable, vocabulary
from darkroom.core.image_policy import ImagePolicy
from darkroom.export import canonical, convert
from darkroom.inference import session
from darkroom.training import network, runtime
from tests.conftest import model_of

POLICY = ImagePolicy(12, 12, 3, "stretch", "area", (0, 0, 0), 10**8)
IMAGES = np.random.default_rng(0).integers(0, 256, (9, 12, 12, 3), np.uint8)
OPSET = 18
BEFORE = {"RepeatVector": ["Flatten"]}
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "Activation": [
        *({"activation": name} for name in ("relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "mish", "leaky_relu")),
        *({"activation": name} for name in ("softplus", "softsign", "tanh", "sigmoid", "hard_sigmoid", "hard_silu")),
        *({"activation": name} for name in ("exponential", "log_sigmoid", "softmax", "log_softmax", "linear", "tanh_shrink")),
        *({"activation": name} for name in ("soft_shrink", "hard_shrink", "hard_tanh", "squareplus", "sparse_plus")),
        *({"activation": name} for name in ("sparsemax", "sparse_sigmoid")),
    ],
    "ReLU": [{}, {"max_value": 6.0, "negative_slope": 0.1, "threshold": 0.5}],
    "Conv2D": [
        {"filters": 6, "kernel_size": 3, "activation": "gelu"},
        {"filters": 6, "kernel_size": 1, "use_bias": False},
        {"filters": 6, "kernel_size": 3, "strides": 2, "padding": "same"},
        {"filters": 6, "kernel_size": 3, "dilation_rate": 2, "activation": "celu"},
        {"filters": 6, "kernel_size": 3, "groups": 2},
        {"filters": 6, "kernel_size": 3, "groups": 2, "dilation_rate": 2},
        {"filters": 12, "kernel_size": [3, 2], "groups": 6, "strides": 2, "padding": "same"},
        {"filters": 6, "kernel_size": 3, "dtype": "mixed_bfloat16"},
        {"filters": 6, "kernel_size": 3, "groups": 3, "dtype": "mixed_float16"},
    ],
    "Conv2DTranspose": [
        {"filters": 4, "kernel_size": 3, "strides": 2},
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"},
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
    ],
    "DepthwiseConv2D": [
        {"kernel_size": 3, "depth_multiplier": 2},
        {"kernel_size": 3, "dilation_rate": 2},
        {"kernel_size": 3, "strides": 2, "padding": "same"},
    ],
    "SeparableConv2D": [{"filters": 6, "kernel_size": 3}, {"filters": 6, "kernel_size": 3, "strides": 2, "padding": "same"}],
    "Dense": [{"units": 7, "activation": "relu"}, {"units": 7, "use_bias": False}, {"units": 7, "dtype": "mixed_bfloat16"}],
    "GroupNormalization": [{"groups": 2}, {"groups": -1}],
    "Normalization": [{"mean": 0.4, "variance": 0.2}, {"mean": [0.1] * 6, "variance": [0.2] * 6, "invert": False}],
    "Rescaling": [{"scale": 2.0, "offset": -1.0}, {"scale": [1.0, 2.0, 3.0, 1.0, 2.0, 3.0], "offset": 0.5}],
    "BatchNormalization": [{}, {"scale": False}, {"center": False}],
    "LayerNormalization": [{}, {"axis": [1, 2, 3]}],
    "AdaptiveAveragePooling2D": [{"output_size": 5}, {"output_size": [3, 4]}],
    "AdaptiveMaxPooling2D": [{"output_size": 5}],
    **{
        name: [{"pool_size": 2}, {"pool_size": 3, "strides": 2, "padding": "same"}]
        for name in ("AveragePooling2D", "MaxPooling2D")
    },
    **{name: [{}, {"keepdims": True}] for name in ("GlobalAveragePooling2D", "GlobalMaxPooling2D")},
    "CenterCrop": [{"height": 6, "width": 7}],
    "Resizing": [
        {"height": 6, "width": 15},
        {"height": 7, "width": 9, "interpolation": "nearest"},
        {"height": 6, "width": 15, "crop_to_aspect_ratio": True},
        {"height": 6, "width": 15, "pad_to_aspect_ratio": True},
    ],
    "UpSampling2D": [{}, {"size": [2, 3], "interpolation": "bilinear"}],
    "Cropping2D": [{"cropping": [[1, 2], [0, 3]]}],
    "ZeroPadding2D": [{"padding": 2}],
    "Permute": [{"dims": [3, 1, 2]}],
    "Reshape": [{"target_shape": [5, 20, 6]}, {"target_shape": [-1]}],
    "RepeatVector": [{"n": 3}],
    **{name: [{"rate": 0.5}] for name in ("Dropout", "SpatialDropout2D", "GaussianDropout", "AlphaDropout")},
    "GaussianNoise": [{"stddev": 0.5}],
    "ActivityRegularization": [{"l2": 0.1}],
}
ALIASES = {"Convolution": "Conv", "AvgPool2D": "AveragePooling2D", "MaxPool2D": "MaxPooling2D"}


@dataclass(frozen=True)
class Comparison:
    """The largest `difference` between onnxruntime and Keras; the `noise`, the largest between Keras in float32 and in float64; the
    `spread`, the largest standard deviation of a probability over the images.

    The noise is the rounding error of this network on this processor. In a deep network of random weights, the last bits of
    the first layers grow to 1e-4 at its end.
    """

    difference: float
    noise: float
    spread: float

    @property
    def agrees(self) -> bool:
        """Whether rounding explains the difference, and the answers depend on the image."""
        return self.difference <= max(5e-6, 10 * self.noise) and self.noise < 5e-3 and self.spread > 0.05


def samples(name: str) -> list[dict[str, Any]]:
    """The arguments to try a layer with; an alias of a layer has those of the layer."""
    for alias, full in ALIASES.items():
        if name not in SAMPLES and name.replace(alias, full) in vocabulary.layers():
            name = name.replace(alias, full)
    return SAMPLES.get(name, [{}])


def measure(name: str, arguments: dict[str, Any]) -> Comparison:
    """Exports a network that contains the layer, and compares."""
    before: list[Any] = [{"Conv2D": {"filters": 6, "kernel_size": 3}}, *BEFORE.get(name, [])]
    chosen = model_of(layers=[*before, {name: arguments}, "Flatten"])
    return compare(network.build(chosen, POLICY, 5), IMAGES)


def compare(model: Any, images: np.ndarray) -> Comparison:
    """Draws weights for `model`, exports it, and compares onnxruntime's answers with Keras's."""
    network.in_float32(model)
    randomise(model, images)
    return compare_answers(exported(model), model, images)


def exported(model: Any) -> onnx.ModelProto:
    """The model as the stage exports it, without metadata."""
    return canonical.canonical(convert.to_onnx(model, OPSET))


def compare_answers(onnx_model: onnx.ModelProto, model: Any, images: np.ndarray) -> Comparison:
    """Compares an exported model with the Keras model that it was made from."""
    content = canonical.serialise(onnx_model)
    actual, expected = session.run(session.load(content, "m.onnx"), images), np.asarray(model(images, training=False))
    noise = np.abs(expected - in_float64(model, images)).max()
    return Comparison(float(np.abs(actual - expected).max()), float(noise), float(expected.std(axis=0).max()))


def in_float64(model: Any, images: np.ndarray) -> np.ndarray:
    """The answers of the same network computed in float64."""
    twin = keras.models.model_from_json(model.to_json().replace('"float32"', '"float64"'))
    twin.set_weights(model.get_weights())
    return np.asarray(twin(images, training=False))


def randomise(model: Any, images: np.ndarray) -> None:
    """Makes an untrained network answer differently to different images, layer after layer.

    Biases and gains are drawn at random, BatchNormalization takes its statistics from the images, and the logits are centred
    and scaled to a spread of one.
    """
    draw = np.random.default_rng(0)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    for variable in model.trainable_variables:
        value = np.asarray(variable)
        if value.ndim == 1:
            gain = 0.5 if 0 < np.abs(value).max() < 1e-3 else 0.0  # ConvNeXt's layer scales start near 0
            scale = 0.5 if "gamma" in variable.path else 1.0
            variable.assign(scale * value + gain + 0.1 * draw.standard_normal(value.shape).astype(value.dtype))
    model(images, training=True)
    logits = model.get_layer("logits")
    values = np.asarray(keras.Model(model.inputs[0], logits.output)(images))
    kernel, bias = logits.get_weights()
    spread = values.std(axis=0).max()
    logits.set_weights([kernel / spread, (bias - values.mean(axis=0)) / spread])


def main() -> None:
    """Prints the table in Markdown."""
    runtime.start(0)
    usable = [name for name in vocabulary.layers() if not exportable.reason(name)]
    differences = {name: max(measure(name, arguments).difference for arguments in samples(name)) for name in usable}
    refused = [name for name in dir(keras.layers) if name[0].isupper() and exportable.reason(name)]
    print(f"{len(differences)} export, {len(refused)} are refused; largest difference {max(differences.values()):.1e}\n")
    for _, reason in exportable.REASONS:
        print(f"- {reason}: {', '.join(name for name in refused if exportable.reason(name) == reason)}")
    print("\n| layer | forms | largest difference |\n| --- | --- | --- |")
    for name, difference in differences.items():
        print(f"| {name} | {len(samples(name))} | {difference:.1e} |")


if __name__ == "__main__":
    main()
