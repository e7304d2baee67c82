"""Which layers of keras.layers can end in an ONNX file, and why the others cannot.

Said when params.yaml is read, not after an hour of training. tests/test_layers.py holds both lists to the libraries: every
layer that is allowed is exported and compared, every other name of keras.layers has its reason here.
"""

import re

REASONS = (
    (r"^(Input|InputLayer|InputSpec|Layer|Wrapper)$", "the input and its type follow from image"),
    (r"^(Random|RandAugment|AugMix|CutMix|MixUp)", "it changes images at random in training: put a transform under augment"),
    (
        r"^(AutoContrast|Equalization|ContrastLimited|Solarization|Pipeline|MaxNumBounding)",
        "it has no ONNX form: use a transform of Albumentations under preprocess.transforms or augment",
    ),
    (r"1D$|1DTranspose$|RNN|LSTM|GRU|Masking|Bidirectional|TimeDistributed", "it works on sequences, not on images"),
    (r"3D$|3DTranspose$", "it works on volumes, not on images"),
    (
        r"^(Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract)$|Attention$",
        "it joins several inputs, and layers is one chain",
    ),
    (r"Lookup|Hash|Embedding|Vectorization|Category|Discretization|Spectrogram", "it works on words or sound, not on images"),
    (r"^(Lambda|TFSMLayer|JaxLayer|FlaxLayer|TorchModuleWrapper)$", "it holds code of its own, which cannot be read from here"),
    (r"^(SpectralNormalization|EinsumDense)$", "it wants another layer, or an equation, and has no form for params.yaml"),
)

VALUES: dict[str, tuple[tuple[str, ...], str]] = {
    "Resizing.interpolation": (("bilinear", "nearest"), "onnxruntime answers otherwise than Keras"),
    "UpSampling2D.interpolation": (("bilinear", "nearest"), "onnxruntime answers otherwise than Keras"),
    "data_format": (("channels_last",), "images are height x width x channels here"),
    "dtype": (("float32", "mixed_bfloat16", "mixed_float16"), "weights are float32 in the ONNX file"),
}

NEEDED = {"Normalization": ("mean", "variance")}  # Keras would have them from `adapt`, which nothing calls here


def reason(layer: str) -> str | None:
    """Why a layer of keras.layers cannot be used, in words; None for one that can."""
    return next((text for pattern, text in REASONS if re.search(pattern, layer)), None)


def values(layer: str, argument: str) -> tuple[tuple[str, ...], str] | None:
    """The values that an argument is held to, and why; None where every value exports."""
    return VALUES.get(f"{layer}.{argument}") or VALUES.get(argument)
