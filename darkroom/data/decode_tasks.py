"""From pictures to arrays of one size, in several processes: the bytes depend on the pictures and the policy alone."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.core.transforms import Pipeline
from darkroom.data import images, similarity
from darkroom.data.sources import manifest
from darkroom.data.sources.readers.collection import Collection, Files, Picture

Pixels = NDArray[np.uint8]

CHUNK, BYTES = 64, 2**22  # pictures a task, at most, and prepared bytes


@dataclass(frozen=True)
class Preparation:
    """What is done to every picture: `policy`, then Albumentations by name; `where` names these in a refusal."""

    policy: ImagePolicy
    transforms: tuple[dict[str, dict[str, Any]], ...]
    where: str


@dataclass(frozen=True)
class Task:
    """Some pictures, the SHA-256 that the manifest has of each file (None: it has none), and where relative names begin."""

    preparation: Preparation
    pictures: list[Picture]
    expected: list[str | None]
    folder: Path


@dataclass(frozen=True)
class Fact:
    """What is known of a picture that could be read: its prepared pixels' SHA-256, its own size, what had to be converted."""

    sha256: str
    height: int
    width: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """For each picture of a task its Fact, or why it cannot be read; for the readable ones, in order, uint8 n x H x W x C
    pixels and their thumbnails, uint8 n x T.
    """

    told: list[Fact | str]
    pixels: Pixels
    thumbnails: Pixels


def tasks(collection: Collection, preparation: Preparation, known: dict[str, str]) -> Iterator[Task]:
    """All pictures of a collection, in order, in chunks; `known` are the SHA-256 of the manifest by name."""
    sources = collection.items["source"].tolist()
    single, policy = isinstance(collection.pictures, Files), preparation.policy
    most = min(CHUNK, max(1, BYTES // (policy.height * policy.width * policy.channels)))
    for start in range(0, len(sources), most):
        chunk = range(start, min(start + most, len(sources)))
        expected = [known.get(sources[position]) if single else None for position in chunk]
        yield Task(preparation, [collection.pictures[position] for position in chunk], expected, Path.cwd())


def prepare(task: Task) -> Done:
    """Works a task off. Raises DarkroomError for a file that is not the one of the manifest, and for a transform that fails."""
    policy = task.preparation.policy
    transform = Pipeline(list(task.preparation.transforms), task.preparation.where)
    told: list[Fact | str] = []
    prepared: list[Pixels] = []
    for picture, expected in zip(task.pictures, task.expected, strict=True):
        try:
            (height, width), sized, notes = _sized(picture, expected, task.folder, policy)
        except Unreadable as reason:
            told.append(str(reason))
            continue
        (pixels,) = transform(sized[np.newaxis], seed=0)  # one seed: the same function in predict
        prepared.append(pixels)
        told.append(Fact(hashlib.sha256(pixels.tobytes()).hexdigest(), height, width, notes))
    shape = (len(prepared), policy.height, policy.width, policy.channels)
    rows, columns = similarity.thumbnail_shape(policy.height, policy.width)
    thumbnails = np.array([similarity.thumbnail(pixels) for pixels in prepared], np.uint8)
    return Done(told, np.array(prepared, np.uint8).reshape(shape), thumbnails.reshape(len(prepared), rows * columns))


class Unreadable(Exception):  # noqa: N818 - the picture's fault, not ours
    """A picture that goes to the ledger."""


def _sized(
    picture: Picture, expected: str | None, folder: Path, policy: ImagePolicy
) -> tuple[tuple[int, int], Pixels, tuple[str, ...]]:
    """The picture's own height and width, its pixels by the policy, what had to be converted."""
    whole, notes = (picture, ()) if not isinstance(picture, Path) else _whole(picture, expected, folder, policy)
    try:
        return (whole.shape[0], whole.shape[1]), images.conform(whole, policy), notes
    except DarkroomError as refusal:
        raise Unreadable(str(refusal)) from None


def _whole(picture: Path, expected: str | None, folder: Path, policy: ImagePolicy) -> tuple[Pixels, tuple[str, ...]]:
    try:
        content = (folder / picture).read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    if expected is not None and hashlib.sha256(content).hexdigest() != expected:
        raise DarkroomError(manifest.changed(picture))
    try:
        found = images.read(content, policy, listen=True)
    except DarkroomError as refusal:
        raise Unreadable(str(refusal)) from None
    misnamed = images.misnamed(content, picture.name)
    return found.pixels, (*found.notes, *([misnamed] if misnamed else []))
