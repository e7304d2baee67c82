"""The names that params.yaml may use: classes of Keras and Albumentations, each with its own arguments."""

import re
from functools import cache

from darkroom.config.signatures import Signature, of_keras, of_subclasses, root

TRANSFORM_PLACES = ("blur", "crops", "dropout", "geometric", "pixel", "../core/transforms_interface.py")
NOT_A_TRANSFORM = re.compile(r"^Base|^_|Transform$|BBox|Mask|3D")
BASE_LAYER = ("name", "trainable", "dtype", "activity_regularizer")
BATCH_TRANSFORMS = ("MixUp", "CutMix", "RandAugment", "RandomErasing")
ALTERNATING = "AlternatingFlip"  # ours: it needs the epoch, which no library's transform is told
ELSEWHERE = {  # names of Keras and of torchvision for what Albumentations calls otherwise
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
OURS = ("seed", "data_format", "value_range")  # the batch says the seed; pixels are height x width x channels, 0 to 255


@cache
def layers() -> dict[str, Signature]:
    """All layers of keras.layers; `exportable` says which of them can be used."""
    return _without(of_keras("keras.layers", "layers", extra=BASE_LAYER), "Layer")


@cache
def optimizers() -> dict[str, Signature]:
    """keras.optimizers, but for those that wrap others."""
    found = _without(
        of_keras("keras.optimizers", "optimizers"), "Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"
    )
    return {name: _less(signature, "loss_scale_factor") for name, signature in found.items()}  # mixed_float16 scales by itself


@cache
def schedules() -> dict[str, Signature]:
    """keras.optimizers.schedules."""
    return _without(of_keras("keras.optimizers.schedules", "optimizers/schedules"), "LearningRateSchedule")


@cache
def callbacks() -> dict[str, Signature]:
    """The callbacks that steer training; those that write files would leave outputs that DVC does not know."""
    found = of_keras("keras.callbacks", "callbacks")
    return {name: found[name] for name in ("EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN")}


@cache
def losses() -> dict[str, Signature]:
    """The losses of keras.losses between a class and probabilities, which is what every network here answers."""
    found = of_keras("keras.losses", "losses")
    own = ("from_logits", "axis", "reduction", "name", "dtype")  # as the network has it: probabilities, a mean over the batch
    return {name: _less(found[name], *own) for name in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")}


@cache
def transforms() -> dict[str, Signature]:
    """The image transforms of Albumentations."""
    augmentations = root("albumentations") / "augmentations"
    found = of_subclasses("Transform", tuple(augmentations / place for place in TRANSFORM_PLACES))
    return {name: signature for name, signature in found.items() if not NOT_A_TRANSFORM.search(name)}


@cache
def batch_transforms() -> dict[str, Signature]:
    """The augmentations of keras.layers that Albumentations lacks: they mix images, or choose among transforms."""
    found = of_keras("keras.layers", "layers/preprocessing/image_preprocessing")
    return {name: _less(found[name], *OURS) for name in BATCH_TRANSFORMS}


@cache
def augmentations() -> dict[str, Signature]:
    """All that may stand under `augment`."""
    return {ALTERNATING: Signature(ALTERNATING, {})} | transforms() | batch_transforms()


@cache
def applications() -> tuple[str, ...]:
    """The networks of keras.applications, which are functions."""
    sources = sorted((root("keras") / "src" / "applications").glob("*.py"))
    exported = re.compile(r'"keras\.applications\.([A-Z]\w*)"')
    return tuple(name for file in sources for name in exported.findall(file.read_text(encoding="utf-8")))


def _without(found: dict[str, Signature], *names: str) -> dict[str, Signature]:
    return {name: signature for name, signature in found.items() if name not in names}


def _less(signature: Signature, *names: str) -> Signature:
    return Signature(signature.name, {name: it for name, it in signature.arguments.items() if name not in names})
