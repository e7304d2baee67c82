"""The metadata of an ONNX file: all that is needed to use the file correctly, and its provenance.

Each key of the metadata holds one field of `Metadata` as JSON; the key `darkroom` holds the version of this format. Reading it
needs neither onnx nor TensorFlow.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import INTERPOLATIONS, SHAPES, ImagePolicy

VERSION = "3"
TYPES: dict[str, Any] = {
    **dict.fromkeys(("classes", "transforms"), list),
    **dict.fromkeys(("image_policy", "versions", "origin"), dict),
    **dict.fromkeys(("model", "precision", "data", "licence"), str),
    **dict.fromkeys(("parameters", "multiply_adds", "opset"), int),
    **dict.fromkeys(("error_rate", "unsure_below"), (float, int, type(None))),
    "temperature": (float, int),
}


@dataclass(frozen=True)
class Metadata:
    """The metadata of one ONNX file, typed.

    `model` is the name in params.yaml; `transforms` are the preprocessing transforms there, by Albumentations' names.
    `precision` is float32, float16 or int8. `temperature` is already folded into the weights. Answers less probable than
    `unsure_below` are withheld, so that at most `error_rate` of the others are wrong on validation; None withholds none.
    `versions` holds the versions of the libraries that wrote the file. `origin` is its provenance (data, parameters, code and
    environment), as `darkroom.export.provenance` records it.
    """

    model: str
    classes: tuple[str, ...]
    image_policy: ImagePolicy
    transforms: tuple[dict[str, dict[str, Any]], ...]
    parameters: int
    multiply_adds: int
    precision: str
    opset: int
    temperature: float
    error_rate: float | None
    unsure_below: float | None
    data: str
    licence: str
    versions: dict[str, str]
    origin: dict[str, Any]


def to_texts(metadata: Metadata) -> dict[str, str]:
    """The metadata as ONNX stores it: JSON text by key, sorted."""
    texts = {key: json.dumps(value, sort_keys=True, ensure_ascii=False) for key, value in asdict(metadata).items()}
    return dict(sorted({**texts, "darkroom": VERSION}.items()))


def from_texts(texts: Mapping[str, str], name: str) -> Metadata:
    """The inverse of `to_texts`. Raises DarkroomError, which names the file, if the metadata is missing or damaged."""
    version = texts.get("darkroom", "none")
    if version != VERSION:
        raise DarkroomError(
            f"{name}: not a model of this pipeline (its metadata must have darkroom: {VERSION}, it has {version})"
        )
    try:
        plain = {field.name: json.loads(texts[field.name]) for field in fields(Metadata)}
        for key, types in TYPES.items():
            if not isinstance(plain[key], types):
                raise TypeError(f"{key} {plain[key]!r}")
        typed = {
            "classes": tuple(_all_of(str, plain["classes"])),
            "transforms": tuple(_all_of(dict, plain["transforms"])),
            "image_policy": _image_policy(plain["image_policy"]),
        }
        return Metadata(**{**plain, **typed})
    except (KeyError, TypeError, ValueError) as error:
        raise DarkroomError(f"{name}: damaged metadata: {type(error).__name__} {error}") from None


def _all_of(required: type, values: list[Any]) -> list[Any]:
    if not all(isinstance(value, required) for value in values):
        raise TypeError(f"{values}")
    return values


def _image_policy(plain: dict[str, Any]) -> ImagePolicy:
    policy = ImagePolicy(**{**plain, "background": tuple(plain["background"])})
    valid = (
        all(type(size) is int and size > 0 for size in (policy.height, policy.width, policy.channels, policy.max_pixels))
        and (policy.channels in (1, 3) and policy.interpolation in INTERPOLATIONS and policy.shape in SHAPES)
        and len(policy.background) == 3
        and all(type(value) is int and 0 <= value <= 255 for value in policy.background)
    )
    if not valid:
        raise ValueError(f"image_policy {plain}")
    return policy
