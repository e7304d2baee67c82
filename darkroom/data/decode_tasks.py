"""Tasks that turn images of any format into arrays of one size. A result depends only on the image, policy and transforms."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from darkroom.core import digests, files
from darkroom.core.arrays import Pixels
from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.transforms import Pipeline, Step
from darkroom.data import images, similarity
from darkroom.data.sources import manifest
from darkroom.data.sources.readers.collection import Collection, Files, ImageSource

TASK_IMAGES, TASK_BYTES = 64, 2**22  # limits of a task: number of images, and bytes once prepared


@dataclass(frozen=True)
class Preparation:
    """How every image is prepared: by `policy`, then by the transforms of Albumentations."""

    policy: ImagePolicy
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class DecodeTask:
    """Some images, with the SHA-256 of each file in the manifest (None: not in it).

    Paths are relative to `folder`, since a worker may have another working folder. `manifest` is for messages.
    """

    preparation: Preparation
    images: list[ImageSource]
    sha256: list[str | None]
    folder: Path
    manifest: Path


@dataclass(frozen=True)
class ImageRecord:
    """A readable image: the SHA-256 of its prepared pixels, its original height and width, and the conversions it needed."""

    sha256: str
    height: int
    width: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class TaskResult:
    """`outcomes`: for each image its ImageRecord, or why it cannot be read.

    `pixels` (uint8 n x H x W x C) and `thumbnails` (uint8 n x T) hold the readable images, in order.
    """

    outcomes: list[ImageRecord | str]
    pixels: Pixels
    thumbnails: Pixels


class UnreadableError(Exception):
    """An image that cannot be read: it goes into the ledger, and the task continues."""


def split_into_tasks(
    collection: Collection, preparation: Preparation, sha256: dict[str, str], manifest_path: Path
) -> Iterator[DecodeTask]:
    """Yields tasks for all images of a collection, in order. `sha256`, by name, is the manifest at `manifest_path`."""
    sources = collection.items["source"].tolist()
    are_files, policy = isinstance(collection.images, Files), preparation.policy
    size = min(TASK_IMAGES, max(1, TASK_BYTES // (policy.height * policy.width * policy.channels)))
    for start in range(0, len(sources), size):
        positions = range(start, min(start + size, len(sources)))
        expected = [sha256.get(sources[position]) if are_files else None for position in positions]
        chunk = [collection.images[position] for position in positions]
        yield DecodeTask(preparation, chunk, expected, Path.cwd(), manifest_path)


def prepare(task: DecodeTask) -> TaskResult:
    """Runs a task. Raises DarkroomError for a file that differs from the manifest, and for a transform that fails."""
    policy = task.preparation.policy
    transform = Pipeline(task.preparation.steps)
    outcomes: list[ImageRecord | str] = []
    prepared: list[Pixels] = []
    for image, sha256 in zip(task.images, task.sha256, strict=True):
        try:
            (height, width), resized, notes = _conformed(image, sha256, task)
        except UnreadableError as error:
            outcomes.append(str(error))
            continue
        (pixels,) = transform(resized[np.newaxis], seed=0)  # the same seed for all, as in predict
        prepared.append(pixels)
        outcomes.append(ImageRecord(digests.sha256(pixels.tobytes()), height, width, notes))
    shape = (len(prepared), policy.height, policy.width, policy.channels)
    rows, columns = similarity.thumbnail_shape(policy.height, policy.width)
    thumbnails = np.array([similarity.thumbnail(pixels) for pixels in prepared], np.uint8)
    return TaskResult(outcomes, np.array(prepared, np.uint8).reshape(shape), thumbnails.reshape(len(prepared), rows * columns))


def _conformed(image: ImageSource, sha256: str | None, task: DecodeTask) -> tuple[tuple[int, int], Pixels, tuple[str, ...]]:
    """The original height and width, the pixels conformed to the policy, and the notes."""
    pixels, notes = _decoded(image, sha256, task) if isinstance(image, Path) else (image, ())
    try:
        return (pixels.shape[0], pixels.shape[1]), images.conform(pixels, task.preparation.policy), notes
    except DarkroomError as error:
        raise UnreadableError(str(error)) from None


def _decoded(path: Path, sha256: str | None, task: DecodeTask) -> tuple[Pixels, tuple[str, ...]]:
    try:
        content = files.read(task.folder / path, task.preparation.policy.max_bytes)
    except DarkroomError as error:
        raise UnreadableError(f"cannot be read: {error}") from None
    if sha256 is not None and digests.sha256(content) != sha256:
        raise DarkroomError(manifest.changed(path, task.manifest))
    try:
        decoded = images.read(content, task.preparation.policy, capture_stderr=True)
    except DarkroomError as error:
        raise UnreadableError(str(error)) from None
    misnamed = images.misnamed(content, path.name)
    return decoded.pixels, (*decoded.notes, *([misnamed] if misnamed else []))
