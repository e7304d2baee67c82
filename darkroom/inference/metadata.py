"""The metadata of an ONNX file: all that is needed to use the file correctly, and its provenance.

Each key of the metadata holds one field of `Metadata` as JSON; the key `darkroom` holds the version of this format. Reading it
needs neither onnx nor TensorFlow.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import INTERPOLATIONS, MAX_SIDE, SHAPES, ImagePolicy

VERSION = "3"
LARGEST_TEMPERATURE = 1000
DEEPEST = 50  # of nested values in the provenance
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

    `model` is the name in params.yaml; `transforms` are the preprocessing transforms, by Albumentations' names.
    `precision` is float32, float16 or int8. `temperature` is already folded into the weights. A prediction less probable
    than `unsure_below` is `unsure`, so that at most `error_rate` of the others are wrong on validation; None: no threshold.
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
    """The inverse of `to_texts`. Raises DarkroomError, naming the file, if the metadata is missing or damaged."""
    version = texts.get("darkroom", "none")
    if version != VERSION:
        raise DarkroomError(
            f"{name}: not a model of this pipeline (its metadata must have darkroom: {VERSION}, it has {version})"
        )
    plain = {field.name: _value(texts, field.name, name) for field in fields(Metadata)}
    typed = {
        "classes": tuple(plain["classes"]),
        "transforms": tuple(plain["transforms"]),
        "image_policy": ImagePolicy(**{**plain["image_policy"], "background": tuple(plain["image_policy"]["background"])}),
    }
    return Metadata(**{**plain, **typed})


def _value(texts: Mapping[str, str], key: str, name: str) -> Any:
    """One field in JSON types. Raises DarkroomError if it is missing, not JSON, or of another type."""
    if key not in texts:
        raise DarkroomError(f"{name}: damaged metadata: no {key}")
    try:
        value = json.loads(texts[key], parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise DarkroomError(f"{name}: damaged metadata: {key}: not JSON ({error})") from None
    if not isinstance(value, TYPES[key]) or isinstance(value, bool) or (key in VALID and not VALID[key](value)):
        raise DarkroomError(f"{name}: damaged metadata: {key}: {texts[key]:.80}")
    return value


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def _finite(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise ValueError(f"{digits:.20} is too large")
    return value


def _is_shallow(value: Any) -> bool:
    """Whether lists and dictionaries are nested at most `DEEPEST` deep."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)]
        level = [inner for inner in level if isinstance(inner, dict | list)]
    return not level


def _are_names(values: list[Any]) -> bool:
    return len(values) > 0 and all(isinstance(value, str) for value in values)


def _are_calls(values: list[Any]) -> bool:
    return all(isinstance(value, dict) and all(isinstance(call, dict) for call in value.values()) for value in values)


def _is_image_policy(plain: dict[str, Any]) -> bool:
    if plain.keys() != {field.name for field in fields(ImagePolicy)}:
        return False
    sizes, background = [plain[key] for key in ("height", "width", "channels", "max_pixels")], plain["background"]
    return (
        all(type(size) is int and size > 0 for size in sizes)
        and max(sizes[:2]) <= MAX_SIDE
        and (plain["channels"] in (1, 3) and plain["interpolation"] in [*INTERPOLATIONS] and plain["shape"] in SHAPES)
        and (isinstance(background, list) and len(background) == 3)
        and all(type(value) is int and 0 <= value <= 255 for value in background)
    )


def _is_origin(plain: dict[str, Any]) -> bool:
    deps, params = plain.get("deps"), plain.get("params")
    return isinstance(deps, dict) and isinstance(params, dict) and _are_texts(deps) and _is_shallow(plain)


def _are_texts(values: dict[str, Any]) -> bool:
    return all(isinstance(value, str) for value in values.values())


VALID: dict[str, Callable[[Any], bool]] = {
    "classes": _are_names,
    "transforms": _are_calls,
    "image_policy": _is_image_policy,
    "origin": _is_origin,
    "versions": _are_texts,
    "temperature": lambda value: 0 < value <= LARGEST_TEMPERATURE,
    **dict.fromkeys(("error_rate", "unsure_below"), lambda value: value is None or 0 <= value <= 1),
    **dict.fromkeys(("parameters", "multiply_adds", "opset"), lambda value: value >= 0),
}
