"""What an ONNX file says of itself, in its metadata: enough to use it right without anything else.

Keys: `classes`, `image_policy`, `transforms` (JSON), `parameters`, `multiply_adds`, `data`, `licence`, `darkroom` (the
version of these keys). Needs neither onnx nor TensorFlow to be read.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.data.images import INTERPOLATIONS, ImagePolicy
from pipeline.errors import Refusal

VERSION = "1"


@dataclass(frozen=True)
class Passport:
    """The contents, typed. `transforms` is the preprocessing of params.yaml, in Albumentations' names."""

    classes: tuple[str, ...]
    image_policy: ImagePolicy
    transforms: tuple[dict[str, dict[str, Any]], ...]
    parameters: int
    multiply_adds: int
    data: str
    licence: str


def to_metadata(passport: Passport) -> dict[str, str]:
    """Strings for the metadata of an ONNX file, sorted by key."""
    plain = {key: asdict(passport)[key] for key in ("classes", "image_policy", "transforms", "parameters", "multiply_adds")}
    texts = {key: json.dumps(value, sort_keys=True, ensure_ascii=False) for key, value in plain.items()}
    return dict(sorted({**texts, "data": passport.data, "licence": passport.licence, "darkroom": VERSION}.items()))


def from_metadata(metadata: Mapping[str, str], name: str) -> Passport:
    """The passport of a file. Raises Refusal, which names the file, where it has none or a damaged one."""
    if metadata.get("darkroom") != VERSION:
        raise Refusal(f"{name}: not a model of this pipeline (its metadata has no darkroom: {VERSION})")
    try:
        plain = {
            key: json.loads(metadata[key]) for key in ("classes", "image_policy", "transforms", "parameters", "multiply_adds")
        }
        return Passport(
            classes=tuple(plain["classes"]),
            image_policy=_policy(plain["image_policy"]),
            transforms=tuple(plain["transforms"]),
            parameters=int(plain["parameters"]),
            multiply_adds=int(plain["multiply_adds"]),
            data=metadata["data"],
            licence=metadata["licence"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(f"{name}: damaged metadata: {type(error).__name__} {error}") from None


def _policy(plain: dict[str, Any]) -> ImagePolicy:
    policy = ImagePolicy(**plain)
    if policy.channels not in (1, 3) or policy.interpolation not in INTERPOLATIONS:
        raise ValueError(f"image_policy {plain}")
    return policy
