"""What params.yaml may say: one frozen, strict class a section. Every key of ours is required."""

from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from pipeline.data.images import Channels, ImagePolicy, Interpolation, Shape
from pipeline.errors import Refusal
from pipeline.params.call import Call, Callback, Layer, Optimizer, Transform


class Section(BaseModel):
    """A part of params.yaml: no key may be missing, unknown or of another type."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def as_tuple(value: Any) -> Any:
    """YAML has lists only; a frozen section holds tuples."""
    return tuple(value) if isinstance(value, list) else value


Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, lt=1)]
Layers = Annotated[tuple[Layer, ...], BeforeValidator(as_tuple), Field(min_length=1)]
Transforms = Annotated[tuple[Transform, ...], BeforeValidator(as_tuple)]
Callbacks = Annotated[tuple[Callback, ...], BeforeValidator(as_tuple)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]


class Image(Section):
    """The image policy, as `pipeline.data.images.ImagePolicy` describes it."""

    height: Annotated[int, Field(ge=1, le=4096)]
    width: Annotated[int, Field(ge=1, le=4096)]
    channels: Channels
    shape: Shape
    interpolation: Interpolation

    @property
    def policy(self) -> ImagePolicy:
        """The plain dataclass that `data.images` works by."""
        return ImagePolicy(**self.model_dump())


class Preprocess(Section):
    """How the data set is split and what is done to each image once, before training."""

    validation: Share
    test: Share
    transforms: Transforms


class Fit(Section):
    """How one model is trained."""

    epochs: Positive
    batch_size: Positive
    optimizer: Optimizer
    callbacks: Callbacks

    @model_validator(mode="after")
    def _one_hand_on_the_rate(self) -> Self:
        scheduled = isinstance(self.optimizer.arguments.get("learning_rate"), Call)
        if scheduled and any(call.name == "ReduceLROnPlateau" for call in self.callbacks):
            raise PydanticCustomError("call", "ReduceLROnPlateau cannot change a learning rate that follows a schedule")
        return self


class Model(Section):
    """One network: its layers between the input and the softmax, its augmentation, how it answers, its training."""

    layers: Layers
    augment: Transforms
    flip_averaging: bool
    fit: Fit


class Training(Section):
    """How training runs, whatever the model; no value here changes a result."""

    workers: Annotated[int, Field(ge=0, le=256)]


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

    def model(self, name: str) -> Model:
        """The model of that name. Raises Refusal, with the names there are."""
        if name not in self.models:
            raise Refusal(f"params.yaml: models.{name}: no such model; there are {', '.join(self.models)}")
        return self.models[name]
