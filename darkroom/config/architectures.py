"""The network families that a model may use instead of `layers`; darkroom/training/architectures.py builds them."""

from pathlib import PurePosixPath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from darkroom.config import vocabulary
from darkroom.config.arguments import mistake
from darkroom.config.base import Positive, Section, as_tuple

DropoutRate = Annotated[float, Field(ge=0, lt=1)]
ReductionRatio = Annotated[int, Field(ge=0)]  # of squeeze-and-excitation: channels per hidden unit; 0: none
Activation = Literal["relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "hard_silu", "mish"]


class Stage(Section):
    """`convolutions` convolutions with `filters` filters each. With `halve`, max pooling follows the first one."""

    filters: Positive
    convolutions: Positive
    halve: bool


class Compact(Section):
    """A stem that halves height and width, then stages of 3 x 3 convolutions, plain or depthwise-separable."""

    convolution: Literal["plain", "separable"]
    stem_filters: Positive
    stem_kernel: Positive
    stages: Annotated[tuple[Stage, ...], BeforeValidator(as_tuple), Field(min_length=1)]
    shortcuts: bool
    squeeze_excitation: ReductionRatio
    activation: Activation
    pooling: Literal["max", "average"]
    dropout: DropoutRate


class Residual(Section):
    """A wide residual network, WRN-depth-width (Zagoruyko and Komodakis, 2016); width 1 is the pre-activation ResNet."""

    depth: Positive
    width: Positive
    squeeze_excitation: ReductionRatio
    dropout: DropoutRate

    @model_validator(mode="after")
    def _whole_blocks(self) -> Self:
        if self.depth < 10 or (self.depth - 4) % 6:
            text = "the depth must be 6 n + 4: 10, 16, 22, 28, 34, 40"
            raise mistake("type", text, ("depth",), value=self.depth)
        return self


class WeightsFile(Section):
    """A weights file and its SHA-256, which lets DVC notice new content under the same name."""

    file: Annotated[str, StringConstraints(pattern=r"\.(weights\.h5|h5|keras)$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _relative(self) -> Self:
        if PurePosixPath(self.file).is_absolute():
            text = "an absolute path; a path relative to the root of the repository is needed"
            raise mistake("type", text, ("file",), value=self.file)
        return self


def _weights_tag(value: object) -> str:
    """The tag of the union member that matches `weights`. Without tags pydantic reports a mistake once per member."""
    return "WeightsFile" if isinstance(value, dict | WeightsFile) else "named"


def _weights(value: object) -> object:
    if value in (None, "imagenet") or isinstance(value, dict | WeightsFile):
        return value
    raise mistake("type", "imagenet, null or {file: FILE, sha256: HASH} is needed", (), value=value)


Weights = Annotated[
    Annotated[Literal["imagenet"], Tag("named")] | Annotated[WeightsFile, Tag("WeightsFile")], Discriminator(_weights_tag)
]


def _application(name: str) -> str:
    if name not in vocabulary.applications():
        raise mistake("name", "no Keras Application of that name", (), allowed=list(vocabulary.applications()), value=name)
    return name


class Application(Section):
    """A network of keras.applications without its top. Its input is resized to `size` x `size` x 3."""

    name: Annotated[str, AfterValidator(_application)]
    weights: Annotated[Weights | None, BeforeValidator(_weights)]
    size: Annotated[int, Field(ge=32, le=1024)]
    trainable: bool
    dropout: DropoutRate

    @model_validator(mode="after")
    def _trainable_or_pretrained(self) -> Self:
        if self.weights is None and not self.trainable:
            raise mistake("refused", "with weights: null and trainable: false its features would stay random", ("trainable",))
        return self
