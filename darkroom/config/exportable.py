"""Which layers of keras.layers can be exported to ONNX, and why the others cannot.

Checked when params.yaml is read, not after an hour of training. tests/export/test_layers.py compares both lists with the
libraries: every allowed layer is exported and compared with Keras, every other name in keras.layers has a reason here.
"""

import re
from collections.abc import Mapping
from typing import Any

from darkroom.config.base import as_yaml

RESERVED = ("image", "network", "logits", "probabilities", "flip_averaging")  # names of the layers around `layers`
REASONS = (
    (r"^(Input|InputLayer|InputSpec|Layer|Wrapper)$", "the input and its type follow from image"),
    (r"^(Random|RandAugment|AugMix|CutMix|MixUp)", "it changes images at random in training: put a transform under augment"),
    (
        r"^(AutoContrast|Equalization|ContrastLimited|Solarization|Pipeline|MaxNumBounding)",
        "it has no ONNX equivalent: use a transform of Albumentations under preprocess.transforms or augment",
    ),
    (r"1D$|1DTranspose$|RNN|LSTM|GRU|Masking|Bidirectional|TimeDistributed", "it works on sequences, not on images"),
    (r"3D$|3DTranspose$", "it works on volumes, not on images"),
    (
        r"^(Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract)$|Attention$",
        "it joins several inputs, and layers is one chain",
    ),
    (r"Lookup|Hash|Embedding|Vectorization|Category|Discretization|Spectrogram", "it works on text or audio, not on images"),
    (r"^(Lambda|TFSMLayer|JaxLayer|FlaxLayer|TorchModuleWrapper)$", "it wraps code that params.yaml cannot hold"),
    (r"^(SpectralNormalization|EinsumDense)$", "its argument is a layer or an equation, which params.yaml cannot express"),
)

VALUES: dict[str, tuple[tuple[object, ...], str]] = {
    "Resizing.antialias": ((False,), "it has no ONNX equivalent"),
    "Resizing.interpolation": (("bilinear", "nearest"), "onnxruntime and Keras compute different results"),
    "UpSampling2D.interpolation": (("bilinear", "nearest"), "onnxruntime and Keras compute different results"),
    "data_format": (("channels_last",), "images are height x width x channels here"),
    "dtype": (("float32", "mixed_bfloat16", "mixed_float16"), "weights are float32 in the ONNX file"),
}

UNUSABLE_ACTIVATIONS = {
    "glu": "it halves the channels, and Keras's layers assume that it does not",
    "threshold": "it needs arguments, which `activation` cannot pass",
}
REQUIRED = {"Normalization": ("mean", "variance")}  # Keras learns them in `adapt`, which no stage calls


def reason(layer: str) -> str | None:
    """Why a layer of keras.layers cannot be used; None for one that can."""
    return next((text for pattern, text in REASONS if re.search(pattern, layer)), None)


def fault(layer: str, arguments: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first argument whose value cannot be exported, and why; None if all can."""
    for key, value in arguments.items():
        allowed, why = VALUES.get(f"{layer}.{key}") or VALUES.get(key) or ((value,), "")
        if value not in allowed:
            return key, f"{why}; allowed: {', '.join(map(as_yaml, allowed))}"
    name, activation = arguments.get("name"), arguments.get("activation")
    if name is not None and not isinstance(name, str):
        return "name", "text is needed"
    if name in RESERVED:
        return "name", f"the network has a part of that name; reserved: {', '.join(RESERVED)}"
    if isinstance(activation, str) and activation in UNUSABLE_ACTIVATIONS:
        return "activation", UNUSABLE_ACTIVATIONS[activation]
    return _transposed_fault(arguments) if layer in ("Conv2DTranspose", "Convolution2DTranspose") else None


def _transposed_fault(arguments: Mapping[str, Any]) -> tuple[str, str] | None:
    """As `fault`, for transposed convolutions that tf2onnx would export with negative padding, which no runtime accepts."""
    pairs = {key: _pair(arguments.get(key, 1)) for key in ("kernel_size", "strides")}
    for key, pair in pairs.items():
        if len(pair) != 2 or not all(type(size) is int and size >= 1 for size in pair):
            return key, "one or two whole numbers are needed, each at least 1"
    kernel, strides = pairs.values()
    if any(size < step for size, step in zip(kernel, strides, strict=True)):
        return "strides", "a transposed convolution needs a kernel at least as large as its strides to be exported"
    if arguments.get("output_padding") is not None and arguments.get("padding", "valid") == "valid":
        return "output_padding", "it can only be exported with padding: same"
    return None


def _pair(value: Any) -> tuple[Any, ...]:
    """The sizes along height and width; one number stands for both."""
    return value if isinstance(value, tuple) else (value, value)
