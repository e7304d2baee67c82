"""A finished model, loaded from its ONNX file alone: images in, classes and probabilities out.

Needs onnxruntime, OpenCV, Pillow and NumPy. The metadata in the file specifies how to prepare an image.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from darkroom.core import files
from darkroom.core.arrays import BATCH, Pixels
from darkroom.core.errors import DarkroomError, prefixed
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.transforms import Pipeline, Step
from darkroom.data.images import conform, decode
from darkroom.inference import metadata, session

Image = str | Path | bytes | Pixels

UNSURE = "unsure"


@dataclass(frozen=True)
class Prediction:
    """The most probable class, or `unsure` if its probability is below the model's threshold.

    `probability` belongs to the most probable class in either case; `probabilities` are in the order of `classes`.
    """

    label: str
    probability: float
    probabilities: tuple[float, ...]
    classes: tuple[str, ...] = field(repr=False)

    def top(self, count: int) -> list[tuple[str, float]]:
        """The `count` most probable classes with their probabilities, the most probable first."""
        order = np.argsort(-np.asarray(self.probabilities), kind="stable")[:count]
        return [(self.classes[index], self.probabilities[index]) for index in order]


class Classifier:
    """A finished model. `metadata` comes from its file; `classes` are in the order of the network's outputs.

    Raises DarkroomError if the file is missing, damaged, or not a model of this pipeline.
    """

    def __init__(self, model: str | Path) -> None:
        self.name = str(model)
        self.session = session.load_file(Path(model))
        self.metadata = metadata.from_texts(session.metadata(self.session, self.name), self.name)
        self.classes, self.image_policy = self.metadata.classes, self.metadata.image_policy
        self.transform = self._transform()
        self._check_shapes()

    def predict(self, images: Iterable[Image], batch: int = BATCH) -> list[Prediction]:
        """One prediction per image: a file's name, its bytes, or uint8 pixels (H x W, or H x W x 3 in RGB order), of any size.

        Raises DarkroomError, naming the file or the position, for the first image that cannot be read.
        """
        if isinstance(images, str | bytes | Path) or (isinstance(images, np.ndarray) and images.ndim < 4):
            raise DarkroomError("predict takes a list of images; for a single one pass [image]")
        predictions = []
        for answer in self.answers(images, batch):
            if isinstance(answer, DarkroomError):
                raise answer
            predictions.append(answer)
        return predictions

    def answers(self, images: Iterable[Image], batch: int = BATCH) -> Iterator[Prediction | DarkroomError]:
        """One prediction per image, lazily and in order; a DarkroomError in place of an image that cannot be read."""
        if batch < 1:
            raise DarkroomError(f"batch: {batch}: must be at least 1")
        numbered = enumerate(images, 1)
        while chunk := [self._read(number, image) for number, image in islice(numbered, batch)]:
            readable = [pixels for pixels in chunk if not isinstance(pixels, DarkroomError)]
            predictions = iter(self._predictions(np.stack(readable)) if readable else [])
            for pixels in chunk:
                yield pixels if isinstance(pixels, DarkroomError) else next(predictions)

    def pixels(self, image: Image) -> Pixels:
        """The network's input for an image: uint8 H x W x C. Raises DarkroomError if the image cannot be read."""
        if isinstance(image, np.ndarray):
            prepared = conform(image, self.image_policy)
        elif isinstance(image, bytes):
            prepared = decode(image, self.image_policy)
        elif isinstance(image, str | Path):
            prepared = _from_file(Path(image), self.image_policy)
        else:
            raise DarkroomError(f"expected a file name, bytes or uint8 pixels, not {type(image).__name__}")
        if self.transform is None:
            return prepared
        (transformed,) = self.transform(prepared[np.newaxis], seed=0)
        return np.asarray(transformed)

    def _read(self, number: int, image: Image) -> Pixels | DarkroomError:
        try:
            return self.pixels(image)
        except DarkroomError as error:
            return error if isinstance(image, str | Path) else DarkroomError(f"image {number}: {error}")

    def _check_shapes(self) -> None:
        """Raises DarkroomError if metadata and network disagree on the image size or the number of classes."""
        policy = self.image_policy
        declared = [policy.height, policy.width, policy.channels, len(self.classes)]
        actual = [*self.session.get_inputs()[0].shape[1:], *self.session.get_outputs()[0].shape[1:]]
        if declared != actual:
            raise DarkroomError(
                f"{self.name}: its metadata has height, width, channels and classes {declared}, its network {actual}"
            )

    def _predictions(self, batch: Pixels) -> list[Prediction]:
        rows = session.run(self.session, batch)
        threshold = self.metadata.unsure_below or 0.0
        tops, largest = rows.argmax(axis=1).tolist(), rows.max(axis=1).tolist()
        return [
            Prediction(self.classes[top] if value >= threshold else UNSURE, value, tuple(row), self.classes)
            for top, value, row in zip(tops, largest, rows.tolist(), strict=True)
        ]

    def _transform(self) -> Pipeline | None:
        """The transforms of preprocessing, if the model has any; only then is Albumentations needed."""
        calls = [call for entry in self.metadata.transforms for call in entry.items()]
        return Pipeline([Step(name, arguments, f"{self.name}: {name}") for name, arguments in calls]) if calls else None


def _from_file(path: Path, policy: ImagePolicy) -> Pixels:
    with prefixed(path):
        try:
            if path.is_dir():
                os.scandir(path).close()  # raises if the folder cannot be listed
                raise DarkroomError("no image files in this folder")
        except OSError as error:
            raise DarkroomError(files.reason(error)) from None
        return decode(files.read(path, policy.max_bytes), policy)
