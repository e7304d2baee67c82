"""Duplicates: planted ones in real photographs, all pairs against brute force, copies of copies, leaks and partners."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_sample_images

from darkroom.core.errors import DarkroomError
from darkroom.data import candidate_pairs, duplicates
from darkroom.data.similarity import mirror, thumbnail, thumbnail_shape

SIDE = 64
SHAPE = (32, 32)
RGB = np.ndarray


@pytest.fixture(scope="module")
def photos() -> list[RGB]:
    """Thirty images of 64 x 64: parts of two photographs that do not overlap."""
    originals = load_sample_images().images
    parts = [photo[y : y + 128, x : x + 128] for photo in originals for y in (0, 128, 256) for x in range(0, 640, 128)]
    return [resized(part, SIDE) for part in parts]


def resized(image: RGB, side: int) -> RGB:
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)


def jpeg(image: RGB, quality: int) -> RGB:
    _, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(content, cv2.IMREAD_COLOR)


def halved(image: RGB) -> RGB:
    return cv2.resize(resized(image, SIDE // 2), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def noisy(image: RGB) -> RGB:
    noise = np.random.default_rng(0).normal(0, 5, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def grey(image: RGB) -> RGB:
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


PLANTED: dict[str, tuple[Callable[[RGB], RGB], str]] = {
    "copied": (np.copy, "exact"),
    "halved and enlarged": (halved, "near"),
    "JPEG of quality 80": (lambda image: jpeg(image, 80), "near"),
    "JPEG of quality 50": (lambda image: jpeg(image, 50), "near"),
    "brighter by 20": (lambda image: cv2.add(image, (20, 20, 20)), "near"),
    "contrast of 0.7": (lambda image: cv2.convertScaleAbs(image, alpha=0.7), "near"),
    "noise of 5": (noisy, "near"),
    "grey": (grey, "near"),
    "mirrored": (lambda image: image[:, ::-1], "mirrored"),
    "mirrored, halved, JPEG of quality 50": (lambda image: jpeg(halved(image[:, ::-1]), 50), "mirrored"),
    "upside down": (lambda image: image[::-1], "not found"),
    "rotated by 90 degrees": (np.rot90, "not found"),
    "moved by 2 pixels": (lambda image: np.roll(image, 2, axis=1), "not found"),
    "cropped by 10 %": (lambda image: resized(resized(image, 71)[3:-3, 3:-3], SIDE), "not found"),
    "negative": (lambda image: 255 - image, "not found"),
}


def hashes(images: list[RGB]) -> list[str]:
    return [hashlib.sha256(image.tobytes()).hexdigest() for image in images]


def pairs_of(images: list[RGB], similarity: float | None = 0.99) -> pd.DataFrame:
    images = [np.ascontiguousarray(image) for image in images]
    thumbnails = np.stack([thumbnail(image) for image in images])
    shape = thumbnail_shape(*images[0].shape[:2])
    return duplicates.find(thumbnails, shape, hashes(images), similarity)


def kinds(pairs: pd.DataFrame) -> dict[tuple[int, int], str]:
    return {(int(row.first), int(row.second)): str(row.kind) for row in pairs.itertuples()}


def test_which_planted_duplicates_are_found(photos: list[RGB]) -> None:
    """Found: at least 75 % of the pairs, all of one kind. Not found: at most 25 % (a shifted sky still looks like the sky)."""
    count, outcomes = len(photos), {}
    pairs = kinds(pairs_of([*photos, *(change(image) for change, _ in PLANTED.values() for image in photos)]))
    for number, name in enumerate(PLANTED, start=1):
        of_itself = [pairs[first, first + number * count] for first in range(count) if (first, first + number * count) in pairs]
        shares = {kind: of_itself.count(kind) / count for kind in duplicates.KINDS}
        likely = max(shares, key=shares.__getitem__)
        outcomes[name] = likely if shares[likely] >= 0.75 else "not found" if sum(shares.values()) <= 0.25 else shares
    assert outcomes == {name: kind for name, (_, kind) in PLANTED.items()}


def test_nothing_is_found_where_nothing_was_planted(photos: list[RGB]) -> None:
    assert kinds(pairs_of(photos, 0.98)) == {}


@pytest.mark.parametrize("similarity", [0.3, 0.8, 0.99])
def test_the_pairs_are_those_of_brute_force(photos: list[RGB], similarity: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, small in {"CELL": 8, "COMPONENTS": 5, "CHUNK": 16, "BATCH": 7, "SAMPLE": 40}.items():
        monkeypatch.setattr(candidate_pairs, name, small)
    images = [*photos, *(image[:, ::-1] for image in map(noisy, photos[:9])), *map(halved, photos[5:])]
    thumbnails = np.stack([thumbnail(np.ascontiguousarray(image)) for image in images])
    both = np.corrcoef(np.concatenate([thumbnails, mirror(thumbnails, SHAPE)]))[: len(images)]
    near, mirrored = both[:, : len(images)], both[:, len(images) :]
    expected = pd.DataFrame(np.argwhere(np.triu(np.maximum(near, mirrored) >= similarity, 1)), columns=["first", "second"])
    at = expected["first"], expected["second"]
    is_near = near[at] >= similarity
    expected["similarity"] = np.where(is_near, near[at], mirrored[at])
    expected["kind"] = pd.Categorical(np.where(is_near, "near", "mirrored"), duplicates.KINDS)
    assert len(expected) > 20
    assert set(expected["kind"]) == {"near", "mirrored"}
    pd.testing.assert_frame_equal(pairs_of(images, similarity), expected, rtol=1e-12)


def test_the_order_of_the_images_changes_nothing(photos: list[RGB]) -> None:
    images = [*photos, *map(halved, photos)]
    order = np.random.default_rng(0).permutation(len(images))
    shuffled = pairs_of([images[position] for position in order])
    shuffled[["first", "second"]] = np.sort(order[shuffled[["first", "second"]].to_numpy()], axis=1)
    pd.testing.assert_frame_equal(shuffled.sort_values(["first", "second"], ignore_index=True), pairs_of(images))


def test_thumbnails_may_be_mapped_from_disk(photos: list[RGB], tmp_path: Path) -> None:
    images = [*photos, *map(halved, photos)]
    np.save(tmp_path / "t.npy", np.stack([thumbnail(image) for image in images]))
    mapped = np.load(tmp_path / "t.npy", mmap_mode="r")
    pd.testing.assert_frame_equal(duplicates.find(mapped, SHAPE, hashes(images), 0.99), pairs_of(images))


def test_a_set_of_copies_has_a_row_for_each_further_one(photos: list[RGB]) -> None:
    """0, 2, 3 and 5 are copies, 4 is halved and 6 mirrored: both are paired with the first of the copies only."""
    one, other = photos[7], photos[8]
    pairs = pairs_of([one, other, one, one, halved(one), one, one[:, ::-1]])
    copies = {(0, 2): "exact", (0, 3): "exact", (0, 5): "exact"}
    assert kinds(pairs) == copies | {(0, 4): "near", (0, 6): "mirrored", (4, 6): "mirrored"}
    assert pairs["similarity"].between(0.99, 1).all()
    assert duplicates.sets(pairs, 7).tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert kinds(pairs_of([one, other, one], None)) == {(0, 2): "exact"}


def test_only_exact_copies_of_images_without_contrast_are_found() -> None:
    flat = [np.full((8, 8, 1), value, np.uint8) for value in (0, 0, 9)]
    assert kinds(pairs_of(flat)) == {(0, 1): "exact"}
    assert kinds(pairs_of([*flat, np.eye(8, dtype=np.uint8)[..., None]])) == {(0, 1): "exact"}


def test_a_pair_that_is_near_both_ways_is_near() -> None:
    symmetric = np.tile(np.arange(0, 240, 8, np.uint8)[:, None, None], (1, 30, 1))
    assert kinds(pairs_of([symmetric, symmetric + np.uint8(3)])) == {(0, 1): "near"}


def test_images_that_are_all_alike_are_refused(photos: list[RGB], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MAX_PAIRS", 434)
    alike = [photos[7].copy() for _ in range(30)]
    for number, image in enumerate(alike):
        image[0, number] = 0
    line = "more than 434 pairs of images have a correlation of at least 0.99: raise it"
    with pytest.raises(DarkroomError, match=f"^{line}$"):
        pairs_of(alike)
    monkeypatch.setattr(duplicates, "MAX_PAIRS", 435)
    assert len(pairs_of(alike)) == 435


# Images 0, 1, 2 are copies, 3 is near the first of them, 4 and 5 are near each other, 6 mirrors 4, 7 has none.
PAIRS = pd.DataFrame(
    {
        "first": [0, 0, 0, 4, 4],
        "second": [1, 2, 3, 5, 6],
        "similarity": [1.0, 1.0, 0.992, 0.995, 0.998],
        "kind": pd.Categorical(["exact", "exact", "near", "near", "mirrored"], duplicates.KINDS),
    }
)


def leaks_and_partners(pairs: pd.DataFrame, splits: list[str]) -> tuple[list[int], list[list[object]]]:
    split_of = np.array(splits)
    leaked = duplicates.leaked(pairs, split_of, "test", ["train", "validation"])
    return np.flatnonzero(leaked).tolist(), duplicates.partners(pairs, split_of).to_numpy().tolist()


def test_leaks_and_partners_in_other_splits() -> None:
    leaked, partners = leaks_and_partners(PAIRS, ["test", "train", "test", "test", "test", "test", "validation", "test"])
    assert leaked == [0, 2, 3, 4]  # 3 through 1, the copy of its partner; 5 only through 4, which is no pair of its own
    assert partners == [
        [0, 1, "exact", 1.0],
        [1, 0, "exact", 1.0],
        [2, 1, "exact", 1.0],
        [3, 1, "near", 0.992],
        [4, 6, "mirrored", 0.998],
        [5, 4, "near", 0.995],
        [6, 4, "mirrored", 0.998],
    ]


def test_leaks_and_partners_within_a_split() -> None:
    leaked, partners = leaks_and_partners(PAIRS, ["train", "train", "train", "test", "dropped", "test", "test", "train"])
    assert leaked == [3]
    assert partners[:3] == [[0, 3, "near", 0.992], [1, 3, "near", 0.992], [2, 3, "near", 0.992]]  # another split comes first
    leaked, partners = leaks_and_partners(PAIRS, ["test"] * 8)
    assert leaked == []
    assert [row[:2] for row in partners] == [[0, 1], [1, 0], [2, 0], [3, 0], [4, 6], [5, 4], [6, 4]]


def test_no_pairs_no_leaks() -> None:
    empty = pairs_of([np.eye(8, dtype=np.uint8)[..., None]])
    assert leaks_and_partners(empty, ["test"]) == ([], [])
    assert duplicates.sets(empty, 1).tolist() == [0]
