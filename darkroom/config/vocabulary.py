"""The names that params.yaml may use: classes of Keras and Albumentations, each with its own arguments."""

import re
from functools import cache

from darkroom.config.signatures import Signature, of_keras, of_subclasses, root

TRANSFORM_PLACES = ("blur", "crops", "dropout", "geometric", "pixel", "../core/transforms_interface.py")
NOT_A_TRANSFORM = re.compile(r"^Base|^_|Transform$|BBox|Mask|3D")
BASE_LAYER = ("name", "trainable", "dtype", "activity_regularizer")
BATCH_TRANSFORMS = ("MixUp", "CutMix", "RandAugment", "RandomErasing")
ALTERNATING = "AlternatingFlip"  # ours: it depends on the epoch, which no library passes to a transform
ELSEWHERE = {  # names that Keras and torchvision have for transforms of Albumentations
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
    return _without(of_keras("keras.layers", "layers", extra=BASE_LAYER), "Layer")


@cache
def optimizers() -> dict[str, Signature]:
    """keras.optimizers without those that wrap others."""
    wrappers = ("Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap")
    signatures = _without(of_keras("keras.optimizers", "optimizers"), *wrappers)
    # no loss_scale_factor: with mixed_float16 the loss is scaled anyway
    return {name: _less(signature, "loss_scale_factor") for name, signature in signatures.items()}


@cache
def schedules() -> dict[str, Signature]:
    """keras.optimizers.schedules."""
    return _without(of_keras("keras.optimizers.schedules", "optimizers/schedules"), "LearningRateSchedule")


@cache
def callbacks() -> dict[str, Signature]:
    """The callbacks that control training; those that write files would leave outputs that DVC does not know."""
    signatures = of_keras("keras.callbacks", "callbacks")
    return {name: signatures[name] for name in ("EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN")}


@cache
def losses() -> dict[str, Signature]:
    """The losses of keras.losses between a class and probabilities, which every network here predicts."""
    signatures = of_keras("keras.losses", "losses")
    fixed = ("from_logits", "axis", "reduction", "name", "dtype")  # by the network: probabilities, a mean over the batch
    return {name: _less(signatures[name], *fixed) for name in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")}


@cache
def transforms() -> dict[str, Signature]:
    """The image transforms of Albumentations."""
    augmentations = root("albumentations") / "augmentations"
    signatures = of_subclasses("Transform", tuple(augmentations / place for place in TRANSFORM_PLACES))
    return {name: signature for name, signature in signatures.items() if not NOT_A_TRANSFORM.search(name)}


@cache
def batch_transforms() -> dict[str, Signature]:
    """The augmentations of keras.layers that Albumentations lacks: they mix images, or choose among transforms."""
    signatures = of_keras("keras.layers", "layers/preprocessing/image_preprocessing")
    return {name: _less(signatures[name], *FIXED) for name in BATCH_TRANSFORMS}


@cache
def augmentations() -> dict[str, Signature]:
    """All transforms that `augment` may name."""
    return {ALTERNATING: Signature(ALTERNATING, {})} | transforms() | batch_transforms()


@cache
def applications() -> tuple[str, ...]:
    """The networks of keras.applications, which are functions."""
    sources = sorted((root("keras") / "src" / "applications").glob("*.py"))
    exported = re.compile(r'"keras\.applications\.([A-Z]\w*)"')
    return tuple(name for file in sources for name in exported.findall(file.read_text(encoding="utf-8")))


def _without(signatures: dict[str, Signature], *names: str) -> dict[str, Signature]:
    """The signatures but for those of some classes."""
    return {name: signature for name, signature in signatures.items() if name not in names}


def _less(signature: Signature, *names: str) -> Signature:
    """The signature but for some of its arguments."""
    return Signature(signature.name, {name: it for name, it in signature.arguments.items() if name not in names})
