"""What an ONNX file says of itself, in its metadata: enough to use it right without anything else, and to know its origin.

Each key of the metadata holds one field of `Passport` as JSON, and `darkroom` the version of these keys. Needs neither onnx
nor TensorFlow to be read.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import INTERPOLATIONS, SHAPES, ImagePolicy

VERSION = "3"
KINDS: dict[str, Any] = {
    **dict.fromkeys(("classes", "transforms"), list),
    **dict.fromkeys(("image_policy", "versions", "origin"), dict),
    **dict.fromkeys(("model", "precision", "data", "licence"), str),
    **dict.fromkeys(("parameters", "multiply_adds", "opset"), int),
    **dict.fromkeys(("error_rate", "unsure_below"), (float, int, type(None))),
    "temperature": (float, int),
}


@dataclass(frozen=True)
class Passport:
    """The contents, typed.

    `model` is its name in params.yaml, `transforms` the preprocessing there, in Albumentations' names. `precision` is float32,
    float16 or int8. `temperature` is folded into the weights already. Answers whose probability is below `unsure_below` are
    withheld: from there on at most `error_rate` of validation's answers are wrong; None: all are given. `versions` names the
    libraries that made the file, `origin` is what `darkroom.export.provenance` knows of its data, parameters, code and environment.
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


def to_metadata(passport: Passport) -> dict[str, str]:
    """Strings for the metadata of an ONNX file, sorted by key."""
    texts = {key: json.dumps(value, sort_keys=True, ensure_ascii=False) for key, value in asdict(passport).items()}
    return dict(sorted({**texts, "darkroom": VERSION}.items()))


def from_metadata(metadata: Mapping[str, str], name: str) -> Passport:
    """The passport of a file. Raises DarkroomError, which names the file, where it has none or a damaged one."""
    if metadata.get("darkroom") != VERSION:
        found = f"{metadata['darkroom']}" if "darkroom" in metadata else "none"
        raise DarkroomError(
            f"{name}: not a model of this pipeline (its metadata must have darkroom: {VERSION}, it has {found})"
        )
    try:
        plain = {field.name: json.loads(metadata[field.name]) for field in fields(Passport)}
        for key, kinds in KINDS.items():
            if not isinstance(plain[key], kinds):
                raise TypeError(f"{key} {plain[key]!r}")
        typed = {
            "classes": tuple(_each(str, plain["classes"])),
            "transforms": tuple(_each(dict, plain["transforms"])),
            "image_policy": _policy(plain["image_policy"]),
        }
        return Passport(**{**plain, **typed})
    except (KeyError, TypeError, ValueError) as error:
        raise DarkroomError(f"{name}: damaged metadata: {type(error).__name__} {error}") from None


def _each(kind: type, values: list[Any]) -> list[Any]:
    if not all(isinstance(value, kind) for value in values):
        raise TypeError(f"{values}")
    return values


def _policy(plain: dict[str, Any]) -> ImagePolicy:
    policy = ImagePolicy(**{**plain, "background": tuple(plain["background"])})
    sound = (
        all(type(size) is int and size > 0 for size in (policy.height, policy.width, policy.channels, policy.max_pixels))
        and (policy.channels in (1, 3) and policy.interpolation in INTERPOLATIONS and policy.shape in SHAPES)
        and len(policy.background) == 3
        and all(type(value) is int and 0 <= value <= 255 for value in policy.background)
    )
    if not sound:
        raise ValueError(f"image_policy {plain}")
    return policy
