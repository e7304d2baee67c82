"""The families of networks that a model may name in place of `layers`; pipeline/training/architectures.py builds them."""

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from darkroom.config import vocabulary
from darkroom.config.arguments import wrong
from darkroom.config.base import Positive, Section, as_tuple

Rate = Annotated[float, Field(ge=0, lt=1)]
Reduction = Annotated[int, Field(ge=0)]  # of squeeze-and-excitation: channels to a hidden unit; 0: none
Activation = Literal["relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "hard_silu", "mish"]


class Stage(Section):
    """So many convolutions to `filters` channels; the first may halve the picture."""

    filters: Positive
    convolutions: Positive
    halve: bool


class Compact(Section):
    """A stem that halves the picture, then stages of 3 x 3 convolutions, plain or depthwise-separable."""

    convolution: Literal["plain", "separable"]
    stem_filters: Positive
    stem_kernel: Positive
    stages: Annotated[tuple[Stage, ...], BeforeValidator(as_tuple), Field(min_length=1)]
    shortcuts: bool
    squeeze_excitation: Reduction
    activation: Activation
    pooling: Literal["max", "average"]
    dropout: Rate


class Residual(Section):
    """A wide residual network, WRN-depth-width; a width of 1 is the plain residual network."""

    depth: Positive
    width: Positive
    squeeze_excitation: Reduction
    dropout: Rate

    @model_validator(mode="after")
    def _whole_blocks(self) -> Self:
        if self.depth < 10 or (self.depth - 4) % 6:
            text = "the depth is 4 more than a multiple of 6: 10, 16, 22, 28, 34, 40"
            raise wrong("type", text, ("depth",), got=self.depth)
        return self


class WeightsFile(Section):
    """Weights in a file; its hash stands here, so that DVC notices another file of the same name."""

    file: Annotated[str, StringConstraints(pattern=r"\.(weights\.h5|h5|keras)$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _of_the_repository(self) -> Self:
        if PurePosixPath(self.file).is_absolute():
            raise wrong("type", "a path of one machine; give it from the root of the repository", ("file",), got=self.file)
        return self


def _kind(value: Any) -> str:
    """Which of the two `weights` are, so that a mistake in them is one line."""
    return "WeightsFile" if isinstance(value, dict | WeightsFile) else "named"


def _weights(value: Any) -> Any:
    if value in (None, "imagenet") or isinstance(value, dict | WeightsFile):
        return value
    raise wrong("type", "imagenet, null or {file: FILE, sha256: HASH} is needed", (), got=value)


Weights = Annotated[
    Annotated[Literal["imagenet"], Tag("named")] | Annotated[WeightsFile, Tag("WeightsFile")], Discriminator(_kind)
]


def _application(name: str) -> str:
    if name not in vocabulary.applications():
        raise wrong("name", "no Keras Application of that name", (), allowed=list(vocabulary.applications()), got=name)
    return name


class Application(Section):
    """A network of keras.applications without its head, given `size` x `size` pixels in colour whatever `image` is."""

    name: Annotated[str, AfterValidator(_application)]
    weights: Annotated[Weights | None, BeforeValidator(_weights)]
    size: Annotated[int, Field(ge=32, le=1024)]
    trainable: bool
    dropout: Rate

    @model_validator(mode="after")
    def _something_is_learnt(self) -> Self:
        if self.weights is None and not self.trainable:
            raise wrong("refused", "with weights: null and trainable: false nothing would be learnt", ("trainable",))
        return self
