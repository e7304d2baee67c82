"""The schema of params.yaml: one frozen, strict class per section. Only arguments of Keras and Albumentations have defaults."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from darkroom.config.base import Fraction, Positive, Section, as_tuple
from darkroom.config.calls import Transform
from darkroom.config.model import Model
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import MAX_SIDE, Channels, ImagePolicy, Interpolation, Shape
from darkroom.core.workspace import Precision

Transforms = Annotated[tuple[Transform, ...], BeforeValidator(as_tuple)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
Byte = Annotated[int, Field(ge=0, le=255)]


class Image(Section):
    """The image policy, as `darkroom.core.image_policy.ImagePolicy` describes it."""

    height: Annotated[int, Field(ge=1, le=MAX_SIDE)]
    width: Annotated[int, Field(ge=1, le=MAX_SIDE)]
    channels: Channels
    shape: Shape
    interpolation: Interpolation
    background: Annotated[tuple[Byte, Byte, Byte], BeforeValidator(as_tuple)]
    max_pixels: Positive

    @property
    def policy(self) -> ImagePolicy:
        """The section as the plain dataclass that the rest of the library uses."""
        return ImagePolicy(**self.model_dump())


class Duplicates(Section):
    """What to do about duplicates, and the correlation from which two images are duplicates; null: exact copies only."""

    policy: Literal["report", "drop", "stop"]
    similarity: Annotated[float, Field(ge=0.9, lt=1)] | None


class Preprocess(Section):
    """How the data set is split and images are transformed, and which unreadable files and duplicates are accepted.

    `workers` and `executor` say where images are decoded; they do not affect the result. `refused` is a fraction of the files.
    """

    validation: Fraction
    test: Fraction
    transforms: Transforms
    refused: Annotated[float, Field(ge=0, lt=1)]
    duplicates: Duplicates
    workers: Annotated[int, Field(ge=1, le=1024)] | None
    executor: Annotated[str, StringConstraints(pattern=r"^processes$|^(tcp|tls)://[^ /]+:\d+$")]


class Training(Section):
    """How all models are trained: the backend of Keras, its precision, whether runs must be bit-identical.

    `workers` (threads that make batches; 0: none) and `checkpoint_steps` (steps between checkpoints) do not affect the result.
    """

    backend: Literal["tensorflow", "jax"]
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"]
    deterministic: bool
    workers: Annotated[int, Field(ge=0, le=256)]
    checkpoint_steps: Positive | None


class Export(Section):
    """The ONNX file: its opset, whether it is calibrated, and the largest error rate of predictions not marked unsure."""

    opset: Annotated[int, Field(ge=13, le=18)]
    calibrate: bool
    error_rate: Fraction | None


class Verify(Section):
    """The gate: how far onnxruntime may differ from Keras on the validation split.

    The whole split is predicted once, `images` of it in every run configuration, and `files` of it as every variant of a file.
    """

    largest_difference: Annotated[float, Field(gt=0, le=1)]
    flips: Annotated[int, Field(ge=0)]
    images: Positive
    files: Positive


class Quantize(Section):
    """The quantized forms of the ONNX file, and how much validation accuracy they may lose."""

    forms: Annotated[tuple[Precision, ...], BeforeValidator(as_tuple)]
    images: Positive
    largest_drop: Annotated[float, Field(ge=0, lt=1)]


class Evaluate(Section):
    """The metrics on the test split."""

    confidence: Fraction


class Report(Section):
    """The report page."""

    mistakes: Annotated[int, Field(ge=0, le=100)]


class Params(Section):
    """The whole of params.yaml."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    dataset: Annotated[str, Field(min_length=1)]
    image: Image
    preprocess: Preprocess
    training: Training
    models: Annotated[dict[Name, Model], Field(min_length=1), AfterValidator(MappingProxyType)]
    export: Export
    verify: Verify
    quantize: Quantize
    evaluate: Evaluate
    report: Report

    @property
    def values(self) -> Mapping[str, Any]:
        """The plain values of the whole file, as DVC reads them."""
        return self.place.source.values

    def model(self, name: str) -> Model:
        """The model of that name. Raises DarkroomError, with the names of all models, if there is none."""
        if name not in self.models:
            raise DarkroomError(f"{self.at('models', name)}: no such model; there are {', '.join(self.models)}")
        return self.models[name]
