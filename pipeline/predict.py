"""Answers with a finished model: a picture in, a class and its probability out.

    python -m pipeline.predict models/cnn/model.onnx shoe.png

    from pipeline.predict import Classifier
    classifier = Classifier("models/cnn/model.onnx")
    classifier.predict(["shoe.png"])   # [Prediction(label='Sneaker', probability=0.98, ...)]

Needs onnxruntime, OpenCV and NumPy. What the model expects of an image is read from the file itself. A picture that
cannot be read gets a line on stderr, the others are answered, and the exit code is 1.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline import command
from pipeline.data import images
from pipeline.deploy import passport, session
from pipeline.errors import Refusal

Image = str | Path | bytes | NDArray[np.uint8]


@dataclass(frozen=True)
class Prediction:
    """The most probable class and the probabilities of all, in the order of `Classifier.classes`."""

    label: str
    probability: float
    probabilities: tuple[float, ...]


class Classifier:
    """A finished model. `classes` names its answers; `image_policy` says how it looks at a picture.

    Raises Refusal when the file is missing, damaged, or not a model of this pipeline.
    """

    def __init__(self, model: str | Path) -> None:
        self.name = str(model)
        self.session = session.load_file(Path(model))
        stamp = passport.from_metadata(self.session.get_modelmeta().custom_metadata_map, str(model))
        self.classes, self.image_policy = stamp.classes, stamp.image_policy
        self.transforms = stamp.transforms

    def predict(self, pictures: Iterable[Image]) -> list[Prediction]:
        """One prediction a picture: a file's name, its bytes, or uint8 pixels (H x W, or H x W x 3 in RGB order).

        Raises Refusal, which names the file, for a picture that cannot be read.
        """
        if isinstance(pictures, str | bytes | Path) or (isinstance(pictures, np.ndarray) and pictures.ndim < 4):
            raise Refusal("predict takes a list of pictures: give [picture] for one")
        batch = [self.pixels(picture) for picture in pictures]
        if not batch:
            return []
        rows = session.run(self.session, np.stack(batch))
        tops = rows.argmax(axis=1)
        return [
            Prediction(self.classes[top], float(row[top]), tuple(float(value) for value in row))
            for row, top in zip(rows, tops, strict=True)
        ]

    def pixels(self, picture: Image) -> NDArray[np.uint8]:
        """What the network is given for a picture: uint8 H x W x C."""
        if isinstance(picture, np.ndarray):
            prepared = images.conform(picture, self.image_policy)
        elif isinstance(picture, bytes):
            prepared = images.decode(picture, self.image_policy)
        else:
            prepared = _from_file(Path(picture), self.image_policy)
        if not self.transforms:
            return prepared
        from pipeline.transforms import Pipeline

        (transformed,) = Pipeline(self.transforms, f"{self.name}: preprocess")(prepared[np.newaxis], seed=0)
        return np.asarray(transformed)


def _from_file(path: Path, policy: images.ImagePolicy) -> NDArray[np.uint8]:
    try:
        return images.decode(path.read_bytes(), policy)
    except OSError as error:
        raise Refusal(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except Refusal as refusal:
        raise Refusal(f"{path}: {refusal}") from None


def main() -> None:
    """Prints a line for each picture: its name, the class, the probability."""
    arguments = command.parser(__doc__)
    arguments.add_argument("model", metavar="MODEL", help="an ONNX file that export wrote")
    arguments.add_argument("images", metavar="IMAGE", nargs="+", help="image files that OpenCV can decode")
    chosen = arguments.parse_args()
    classifier = Classifier(chosen.model)
    refused = 0
    for name in chosen.images:
        try:
            (prediction,) = classifier.predict([name])
        except Refusal as refusal:
            print(refusal, file=sys.stderr)
            refused += 1
        else:
            print(f"{name}\t{prediction.label}\t{prediction.probability:.4f}")
    if refused:
        raise Refusal(f"{refused} of {len(chosen.images)} images could not be read")


if __name__ == "__main__":
    command.run(main)
