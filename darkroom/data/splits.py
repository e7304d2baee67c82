"""Which image goes where: splits that are given stay as they are, the others are set aside by seed, class by class."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError

Indices = NDArray[np.int64]
Labels = NDArray[np.int64]

SPLITS = ("train", "validation", "test")


def assign(
    labels: Labels, given: Sequence[str], groups: Sequence[str], validation: float, test: float, seed: int
) -> dict[str, Indices]:
    """The positions of the images of train, validation and test, shuffled by seed.

    `given` names the split that an image came with ("" for none), `groups` what must stay together ("" for an image by itself).
    Validation and test are taken out of train where they are not given. Raises DarkroomError for a group on two given sides, and
    where nothing is left to train on.
    """
    split_of, group_of = np.asarray(given, object), np.asarray(groups, object)
    _undivided(split_of, group_of)
    rest = np.flatnonzero((split_of == "train") | (split_of == ""))
    sides: dict[str, Indices] = {}
    for split, share in (("test", test), ("validation", validation)):
        came = np.flatnonzero(split_of == split)
        if len(came):
            sides[split] = came[np.random.default_rng(seed).permutation(len(came))]
        else:
            rest, sides[split] = _set_aside(rest, labels, group_of, share, seed)
            if len(sides[split]) == 0:
                raise DarkroomError(f"preprocess.{split}: {share:g} of {len(rest)} images leaves none for {split}")
    if len(rest) == 0:
        raise DarkroomError("preprocess: no image is left to train on")
    if {"test", "validation"} <= set(given):  # nothing was drawn, so nothing is shuffled yet
        rest = rest[np.random.default_rng(seed).permutation(len(rest))]
    return {"train": rest, "validation": sides["validation"], "test": sides["test"]}


def taught(train: Indices, labels: Labels, classes: Sequence[str]) -> None:
    """Raises DarkroomError for a class of which no image is in train, where nothing of it can be learnt."""
    missing = sorted(set(range(len(classes))) - set(labels[train].tolist()))
    if missing:
        names = ", ".join(classes[label] for label in missing)
        raise DarkroomError(
            f"preprocess: no image to train on of {names}: all are in validation or test; give splits or groups that leave some"
        )


def _undivided(split_of: NDArray[np.object_], group_of: NDArray[np.object_]) -> None:
    """Raises DarkroomError for a group that the data set itself has put on two sides."""
    side: dict[str, str] = {}
    for group, split in zip(group_of.tolist(), split_of.tolist(), strict=True):
        if group and side.setdefault(group, split) != split:
            raise DarkroomError(
                f"group {group!r} stands in {side[group]} and in {split}: what is learnt from one would be asked in the other"
            )


def _set_aside(
    positions: Indices, labels: Labels, groups: NDArray[np.object_], share: float, seed: int
) -> tuple[Indices, Indices]:
    """Shuffled `positions` in two parts, the second with about `share` of each class."""
    if (groups[positions] != "").any():
        return _by_group(positions, labels[positions], groups[positions], share, seed)
    return _by_class(positions, labels[positions], share, seed)


def _by_class(positions: Indices, labels: Labels, share: float, seed: int) -> tuple[Indices, Indices]:
    """A class too small for its share of both parts gives one image if it keeps one."""
    from sklearn.model_selection import train_test_split

    counts = np.bincount(labels)[labels]
    large = counts * min(share, 1 - share) >= 1
    rest, taken = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if large.any():
        rest, taken = train_test_split(positions[large], test_size=share, stratify=labels[large], random_state=seed)
    if large.all():
        return rest, taken
    generator = np.random.default_rng(seed)
    for label in np.unique(labels[~large]):
        of_class = generator.permutation(positions[labels == label])
        given = min(1, len(of_class) - 1)
        rest, taken = np.concatenate([rest, of_class[given:]]), np.concatenate([taken, of_class[:given]])
    return generator.permutation(rest), generator.permutation(taken)


def _by_group(
    positions: Indices, labels: Labels, groups: NDArray[np.object_], share: float, seed: int
) -> tuple[Indices, Indices]:
    """Whole groups, one fold of about 1 / share; an image without a group is one by itself."""
    from sklearn.model_selection import StratifiedGroupKFold

    named = np.where(groups == "", [f"\0{position}" for position in positions], groups)
    order = np.random.default_rng(seed).permutation(len(positions))
    folds = StratifiedGroupKFold(max(2, round(1 / share)), shuffle=True, random_state=seed)
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of classes smaller than the number of folds
            kept, taken = next(folds.split(order, labels[order], named[order].astype(str)))
    except ValueError as error:
        raise DarkroomError(
            f"preprocess: cannot set {share:g} of {len(positions)} images aside group by group: {error}"
        ) from None
    return positions[order[kept]], positions[order[taken]]
