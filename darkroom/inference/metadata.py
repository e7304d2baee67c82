"""What an ONNX file says of itself, in its metadata: enough to use it correctly without anything else, and its provenance.

Each key of the metadata holds one field of `Metadata` as JSON, and `darkroom` the version of these keys. Reading them needs
neither onnx nor TensorFlow.
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

    `model` is its name in params.yaml, `transforms` the preprocessing there, in Albumentations' names. `precision` is float32,
    float16 or int8. `temperature` is folded into the weights already. Answers whose probability is below `unsure_below` are
    withheld: from there on at most `error_rate` of validation's answers are wrong; None: none is withheld. `versions` holds the
    versions of the libraries that wrote the file, `origin` its provenance: data, parameters, code and environment, as
    `darkroom.export.provenance` records them.
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
    """The metadata as ONNX stores it: a JSON text for each key, sorted by key."""
    texts = {key: json.dumps(value, sort_keys=True, ensure_ascii=False) for key, value in asdict(metadata).items()}
    return dict(sorted({**texts, "darkroom": VERSION}.items()))


def from_texts(texts: Mapping[str, str], name: str) -> Metadata:
    """The inverse of `to_texts`. Raises DarkroomError, which names the file, where the metadata are missing or damaged."""
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
