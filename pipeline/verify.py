"""Stage 5: the gate. The ONNX file must say what params.yaml says and answer what Keras answered, or the run stops here.

Reads   params.yaml (dataset, image, preprocess.transforms, verify), the data set, models/MODEL (model.onnx, reference.npy),
        reports/export/MODEL.json, data/raw, data/prepared (validation, index, classes).
Writes  reports/verify/MODEL.json, which quantize and evaluate depend on.
Run     dvc repro verify@MODEL, or python -m pipeline.verify MODEL

Four things are held to the training side: the bytes, what the file says of itself, its answers to tensors (all of validation; a
part of it in every batch size, optimisation level and thread count), and its answers to image files of every kind.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from darkroom import config
from darkroom.config.schema import Params, Verify
from darkroom.core import artifacts, command, paths
from darkroom.core.errors import DarkroomError
from darkroom.data.shards import Shards
from darkroom.data.sources import originals
from darkroom.inference import session
from darkroom.inference.classifier import Classifier
from darkroom.inference.metadata import Passport
from darkroom.verification import file_parity, parity
from darkroom.verification.parity import Parity

SHOWN = 10


def main() -> None:
    """Compares, judges, and writes the verdict of a model that passed."""
    name = command.model_argument(__doc__)
    settings = config.load()
    settings.model(name)
    content = exported(name)
    classifier = Classifier(paths.onnx(name))
    describes(classifier.passport, settings, name)
    validation = Shards(paths.prepared("validation"))
    answers = np.concatenate([session.run(classifier.session, images) for images in validation.batches()])
    keras = reference(name, answers.shape)
    found = parity.compare(answers, keras, settings.verify.largest_difference)
    judge(found, settings.verify, name)
    ways = every_way(content, validation, keras, settings.verify, name)
    read = as_files(classifier, validation, keras, settings)
    verdict = {"images": found.images, "largest_difference": max(found.largest_difference, ways), "flips": len(found.flips)}
    sha256 = hashlib.sha256(content).hexdigest()
    artifacts.write_json(paths.verdict(name), {**verdict, "files": read, "sha256": sha256})
    print(f"{name}: {found.images} images, largest difference {verdict['largest_difference']:.1e}, {len(found.flips)} flips")


def exported(name: str) -> bytes:
    """The bytes of the file. Raises DarkroomError unless they are the ones that export wrote."""
    content = paths.onnx(name).read_bytes()
    if hashlib.sha256(content).hexdigest() != artifacts.read_json(paths.exported(name))["sha256"]:
        raise DarkroomError(
            f"{paths.onnx(name)}: not the file that export wrote (its SHA-256 differs); run `dvc repro export@{name}`"
        )
    return content


def describes(stamp: Passport, settings: Params, name: str) -> None:
    """Raises DarkroomError where the file says something else of its images or classes than params.yaml and the data set."""
    expected = {
        "classes": tuple(artifacts.read_json(paths.CLASSES)["classes"]),
        "image_policy": settings.image.policy,
        "transforms": tuple(call.plain() for call in settings.preprocess.transforms),
    }
    for key, value in expected.items():
        if getattr(stamp, key) != value:
            raise DarkroomError(f"{paths.onnx(name)}: its metadata has {key} {getattr(stamp, key)}, it should be {value}")


def reference(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """What Keras said. Raises DarkroomError for a damaged file, or one of another shape."""
    path = paths.reference(name)
    try:
        found: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DarkroomError(f"{path}: not a .npy file ({error}); run `dvc repro export@{name}`") from None
    if found.shape != shape:
        raise DarkroomError(f"{path}: {found.shape}, but onnxruntime gives {shape}; run `dvc repro export@{name}`")
    return found


def every_way(content: bytes, split: Shards, keras: NDArray[np.float32], allowed: Verify, name: str) -> float:
    """The largest difference over all ways to run the file. Raises DarkroomError for the first that strays."""
    count = min(allowed.images, len(split))
    largest = 0.0
    for way, answers in parity.ways(content, split.images(np.arange(count)), str(paths.onnx(name))):
        found = parity.compare(answers, keras[:count], allowed.largest_difference)
        judge(found, allowed, f"{name}: batches of {way.batch}, optimisation {way.level}, {way.threads} threads")
        largest = max(largest, found.largest_difference)
    return largest


def as_files(classifier: Classifier, split: Shards, keras: NDArray[np.float32], settings: Params) -> int:
    """How many files gave the very pixels and the class of the training side. Raises DarkroomError for the first that does not."""
    wanted = range(min(settings.verify.files, len(split)))
    raw = originals.originals(settings.dataset, "validation", len(wanted))
    count = 0
    for position, picture in zip(wanted, raw, strict=True):
        prepared = split.images(np.array([position]))[0]
        count += file_parity.compare(
            classifier, picture, prepared, keras[position], f"validation/{position:06d}", settings.verify.largest_difference
        )
    return count


def judge(found: Parity, allowed: Verify, name: str) -> None:
    """Raises DarkroomError, with the image and the value, for a difference or a number of flips beyond what params.yaml allows."""
    if len(found.flips) > allowed.flips:
        shown = ", ".join(f"validation/{flip:06d}" for flip in found.flips[:SHOWN])
        raise DarkroomError(
            f"{name}: onnxruntime and Keras disagree on {len(found.flips)} images (verify.flips: {allowed.flips}): {shown}"
        )
    if not found.largest_difference <= allowed.largest_difference:
        raise DarkroomError(
            f"{name}: validation/{found.worst:06d}: onnxruntime and Keras differ by {found.largest_difference:.3g} "
            f"(verify.largest_difference: {allowed.largest_difference:g})"
        )


if __name__ == "__main__":
    command.run(main)
