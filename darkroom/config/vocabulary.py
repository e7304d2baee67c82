"""The names that params.yaml may use: classes of Keras and Albumentations, each with its own arguments."""

import re
from functools import cache

from darkroom.config.signatures import Signature, of_keras, of_subclasses, root
from darkroom.core.transforms import NOT_A_TRANSFORM, SOURCES

LAYER_ARGUMENTS = ("name", "trainable", "dtype", "activity_regularizer")  # of the base class
BATCH_TRANSFORMS = ("MixUp", "CutMix", "RandAugment", "RandomErasing")
ALTERNATING_FLIP = "AlternatingFlip"  # ours: it depends on the epoch, which no library passes to a transform
ALBUMENTATIONS_NAMES = {  # names in Keras and torchvision, and their counterparts in Albumentations
    "Cutout": "Erasing and CoarseDropout",
    "RandomBrightness": "RandomBrightnessContrast",
    "RandomContrast": "RandomBrightnessContrast",
    "RandomFlip": "HorizontalFlip and VerticalFlip",
    "RandomHorizontalFlip": "HorizontalFlip",
    "RandomRotation": "Rotate",
    "RandomTranslation": "Affine",
    "RandomVerticalFlip": "VerticalFlip",
    "RandomZoom": "Affine",
}
FIXED = ("seed", "data_format", "value_range")  # the seed follows from the batch; pixels are H x W x C, 0 to 255


@cache
def layers() -> dict[str, Signature]:
    """All layers of keras.layers; `exportable` says which of them can be used."""
    return _without(of_keras("keras.layers", "layers", extra=LAYER_ARGUMENTS), "Layer")


@cache
def optimizers() -> dict[str, Signature]:
    """The optimizers of keras.optimizers, without wrappers of other optimizers."""
    wrappers = ("Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap")
    signatures = _without(of_keras("keras.optimizers", "optimizers"), *wrappers)
    # no loss_scale_factor: with mixed_float16 Keras scales the loss by itself
    return {name: _without_arguments(signature, "loss_scale_factor") for name, signature in signatures.items()}


@cache
def schedules() -> dict[str, Signature]:
    """The learning-rate schedules of keras.optimizers.schedules."""
    return _without(of_keras("keras.optimizers.schedules", "optimizers/schedules"), "LearningRateSchedule")


@cache
def callbacks() -> dict[str, Signature]:
    """The callbacks that control training; those that write files would leave outputs that dvc.yaml does not list."""
    signatures = of_keras("keras.callbacks", "callbacks")
    return {name: signatures[name] for name in ("EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN")}


@cache
def losses() -> dict[str, Signature]:
    """The losses of keras.losses that compare the true class with probabilities, the output of every network here."""
    signatures = of_keras("keras.losses", "losses")
    fixed = ("from_logits", "axis", "reduction", "name", "dtype")  # the output is probabilities, the loss a mean over the batch
    names = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")
    return {name: _without_arguments(signatures[name], *fixed) for name in names}


@cache
def transforms() -> dict[str, Signature]:
    """The image transforms of Albumentations."""
    sources = (root("albumentations") / source for source in SOURCES)
    signatures = of_subclasses("Transform", tuple(path if path.is_dir() else path.with_suffix(".py") for path in sources))
    return {name: signature for name, signature in signatures.items() if not NOT_A_TRANSFORM.search(name)}


@cache
def batch_transforms() -> dict[str, Signature]:
    """The augmentations of keras.layers that Albumentations lacks: they mix images, or choose among transforms."""
    signatures = of_keras("keras.layers", "layers/preprocessing/image_preprocessing")
    return {name: _without_arguments(signatures[name], *FIXED) for name in BATCH_TRANSFORMS}


@cache
def augmentations() -> dict[str, Signature]:
    """All transforms that `augment` may name."""
    return {ALTERNATING_FLIP: Signature(ALTERNATING_FLIP, dict)} | transforms() | batch_transforms()


@cache
def applications() -> tuple[str, ...]:
    """The networks of keras.applications, which are functions."""
    sources = sorted((root("keras") / "src" / "applications").glob("*.py"))
    exported = re.compile(r'"keras\.applications\.([A-Z]\w*)"')
    return tuple(name for file in sources for name in exported.findall(file.read_text(encoding="utf-8")))


def _without(signatures: dict[str, Signature], *names: str) -> dict[str, Signature]:
    """The signatures of all classes but `names`."""
    return {name: signature for name, signature in signatures.items() if name not in names}


def _without_arguments(signature: Signature, *names: str) -> Signature:
    """The signature without the arguments `names`."""
    return Signature(signature.name, lambda: {name: value for name, value in signature.arguments.items() if name not in names})
