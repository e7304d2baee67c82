"""What params.yaml may say: one frozen, strict class a section. Every key of ours is required."""

from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, StringConstraints

from darkroom.config.base import Positive, Section, Share, as_tuple
from darkroom.config.model import Model
from darkroom.config.named_call import Transform
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import Channels, ImagePolicy, Interpolation, Shape
from darkroom.core.yaml_source import Place, Source

Transforms = Annotated[tuple[Transform, ...], BeforeValidator(as_tuple)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]


Byte = Annotated[int, Field(ge=0, le=255)]


class Image(Section):
    """The image policy, as `darkroom.data.ImagePolicy` describes it."""

    height: Annotated[int, Field(ge=1, le=4096)]
    width: Annotated[int, Field(ge=1, le=4096)]
    channels: Channels
    shape: Shape
    interpolation: Interpolation
    background: Annotated[tuple[Byte, Byte, Byte], BeforeValidator(as_tuple)]
    max_pixels: Positive

    @property
    def policy(self) -> ImagePolicy:
        """The plain dataclass that `data.images` works by."""
        return ImagePolicy(**self.model_dump())


class Duplicates(Section):
    """What is done about images that stand in the data twice, and how alike such are (a correlation); null: copies only."""

    policy: Literal["report", "drop", "stop"]
    similarity: Annotated[float, Field(ge=0.9, lt=1)] | None


class Preprocess(Section):
    """How the data set is split, what is done to each image once, before training, and with what files and copies it goes on.

    `workers` and `executor` say who decodes, without effect on a result.
    """

    validation: Share
    test: Share
    transforms: Transforms
    refused: Annotated[float, Field(ge=0, lt=1)]
    duplicates: Duplicates
    workers: Annotated[int, Field(ge=1, le=1024)] | None
    executor: Annotated[str, StringConstraints(pattern=r"^processes$|^(tcp|tls)://[^ /]+:\d+$")]


class Training(Section):
    """How training runs, whatever the model: the library behind Keras, its numbers, whether the same bytes are asked for; and,
    without effect on a result, threads and states between those behind each epoch.
    """

    backend: Literal["tensorflow", "jax"]
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"]
    deterministic: bool
    workers: Annotated[int, Field(ge=0, le=256)]
    checkpoint_steps: Positive | None


class Export(Section):
    """The ONNX file: its operators, whether its probabilities are calibrated, and the error rate that "unsure" is for."""

    opset: Annotated[int, Field(ge=13, le=18)]
    calibrate: bool
    error_rate: Share | None


class Verify(Section):
    """The gate: how far onnxruntime may stray from Keras on the validation split.

    The whole split is answered once, `images` of it in every way there is to run, `files` of it from files of every kind.
    """

    largest_difference: Annotated[float, Field(gt=0, le=1)]
    flips: Annotated[int, Field(ge=0)]
    images: Positive
    files: Positive


class Quantize(Section):
    """The smaller forms of the ONNX file, and how much accuracy they may cost on validation."""

    forms: Annotated[tuple[Literal["int8", "float16"], ...], BeforeValidator(as_tuple)]
    images: Positive
    largest_drop: Annotated[float, Field(ge=0, lt=1)]


class Evaluate(Section):
    """The figures on the test split."""

    confidence: Share


class Report(Section):
    """The page."""

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

    _source: Source = PrivateAttr()

    def from_source(self, source: Source) -> Self:
        """The same, once it knows the file that it stands in: a sound file gives its values the places that messages name."""
        self._source = source
        return self

    def place(self, *where: str | int) -> Place:
        """A place in the file, for mistakes that only the libraries can find: it knows its line."""
        return Place(self._source, where)

    def model(self, name: str) -> Model:
        """The model of that name. Raises DarkroomError, with the names there are."""
        if name not in self.models:
            raise DarkroomError(f"{self._source.name}: models.{name}: no such model; there are {', '.join(self.models)}")
        return self.models[name]
