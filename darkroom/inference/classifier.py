"""A finished model, from the ONNX file alone: pictures in, classes and probabilities out.

Needs onnxruntime, OpenCV, Pillow and NumPy. What the model expects of a picture is read from the file itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import images
from darkroom.inference import metadata, session

if TYPE_CHECKING:
    from darkroom.core.transforms import Pipeline as Transform

Picture = str | Path | bytes | NDArray[np.uint8]

BATCH = 64
UNSURE = "unsure"


@dataclass(frozen=True)
class Prediction:
    """The most probable class, or `unsure` where its probability is below what the model's error rate was chosen for.

    `probability` is that of the most probable class in either case; `probabilities` are those of all `classes`, in order.
    """

    label: str
    probability: float
    probabilities: tuple[float, ...]
    classes: tuple[str, ...] = field(repr=False)

    def top(self, count: int) -> list[tuple[str, float]]:
        """The `count` most probable classes with their probabilities, the most probable first."""
        order = np.argsort(-np.asarray(self.probabilities), kind="stable")[:count]
        return [(self.classes[place], self.probabilities[place]) for place in order]


class Classifier:
    """A finished model. `passport` is all that the file says of itself; `classes` names its answers.

    Raises DarkroomError when the file is missing, damaged, or not a model of this pipeline.
    """

    def __init__(self, model: str | Path) -> None:
        self.name = str(model)
        self.session = session.load_file(Path(model))
        self.passport = metadata.from_metadata(session.metadata(self.session, self.name), self.name)
        self.classes, self.image_policy = self.passport.classes, self.passport.image_policy
        self.transform = self._transform()
        self._check_shapes()

    def predict(self, pictures: Iterable[Picture], batch: int = BATCH) -> list[Prediction]:
        """One prediction a picture: a file's name, its bytes, or uint8 pixels (H x W, or H x W x 3 in RGB order), of any size.

        Raises DarkroomError, which names the file, for the first picture that cannot be read.
        """
        if isinstance(pictures, str | bytes | Path) or (isinstance(pictures, np.ndarray) and pictures.ndim < 4):
            raise DarkroomError("predict takes a list of pictures: give [picture] for one")
        found = []
        for answer in self.answers(pictures, batch):
            if isinstance(answer, DarkroomError):
                raise answer
            found.append(answer)
        return found

    def answers(self, pictures: Iterable[Picture], batch: int = BATCH) -> Iterator[Prediction | DarkroomError]:
        """One prediction a picture, in order and as they come; a DarkroomError in the place of one that cannot be read."""
        if batch < 1:
            raise DarkroomError(f"batch: {batch}: at least one picture goes through at a time")
        waiting = enumerate(pictures, 1)
        while chunk := [self._read(number, picture) for number, picture in islice(waiting, batch)]:
            readable = [pixels for pixels in chunk if not isinstance(pixels, DarkroomError)]
            predictions = iter(self._predictions(np.stack(readable)) if readable else [])
            for pixels in chunk:
                yield pixels if isinstance(pixels, DarkroomError) else next(predictions)

    def pixels(self, picture: Picture) -> NDArray[np.uint8]:
        """What the network is given for a picture: uint8 H x W x C. Raises DarkroomError where it cannot be read."""
        if isinstance(picture, np.ndarray):
            prepared = images.conform(picture, self.image_policy)
        elif isinstance(picture, bytes):
            prepared = images.decode(picture, self.image_policy)
        elif isinstance(picture, str | Path):
            prepared = _from_file(Path(picture), self.image_policy)
        else:
            raise DarkroomError(f"a name, bytes or uint8 pixels are expected, not {type(picture).__name__}")
        if self.transform is None:
            return prepared
        (transformed,) = self.transform(prepared[np.newaxis], seed=0)
        return np.asarray(transformed)

    def _read(self, number: int, picture: Picture) -> NDArray[np.uint8] | DarkroomError:
        try:
            return self.pixels(picture)
        except DarkroomError as refusal:
            return refusal if isinstance(picture, str | Path) else DarkroomError(f"picture {number}: {refusal}")

    def _check_shapes(self) -> None:
        """Raises DarkroomError where the metadata speaks of other images or classes than the network takes and gives."""
        policy = self.image_policy
        told = [policy.height, policy.width, policy.channels, len(self.classes)]
        found = [*self.session.get_inputs()[0].shape[1:], *self.session.get_outputs()[0].shape[1:]]
        if told != found:
            raise DarkroomError(
                f"{self.name}: its metadata has height, width, channels and classes {told}, its network {found}"
            )

    def _predictions(self, batch: NDArray[np.uint8]) -> list[Prediction]:
        rows = session.run(self.session, batch)
        least = self.passport.unsure_below or 0.0
        tops, sure = rows.argmax(axis=1).tolist(), rows.max(axis=1).tolist()
        return [
            Prediction(self.classes[top] if value >= least else UNSURE, value, tuple(row), self.classes)
            for top, value, row in zip(tops, sure, rows.tolist(), strict=True)
        ]

    def _transform(self) -> "Transform | None":
        if not self.passport.transforms:
            return None
        from darkroom.core.transforms import Pipeline

        return Pipeline(self.passport.transforms, f"{self.name}: preprocess")


def _from_file(path: Path, policy: ImagePolicy) -> NDArray[np.uint8]:
    try:
        return images.decode(path.read_bytes(), policy)
    except IsADirectoryError:
        raise DarkroomError(f"{path}: no image files in this folder") from None
    except OSError as error:
        raise DarkroomError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except DarkroomError as refusal:
        raise DarkroomError(f"{path}: {refusal}") from None
