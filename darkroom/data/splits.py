"""Assigns images to train, validation and test. Splits of the data set are kept; others are drawn by seed, class by class."""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from darkroom.config import Params
from darkroom.core.arrays import Labels, Rows
from darkroom.core.errors import DarkroomError, first_line, prefixed


def assign(labels: Labels, existing: Sequence[str], groups: Sequence[str], settings: Params) -> dict[str, Rows]:
    """The positions of the images of train, validation and test, shuffled by seed.

    `existing` is the split that the data set assigns to each image ("" for none), `groups` its group, which must stay in one
    split ("" for none). Validation and test, where the data set has none, are fractions of the other images. Raises
    DarkroomError for a group in two existing splits, and if a split would be empty.
    """
    split_of, group_of = np.asarray(existing, object), np.asarray(groups, object)
    chosen, seed = settings.preprocess, settings.seed
    with prefixed(settings.at("dataset")):
        _check_groups(split_of, group_of)
    rest = np.flatnonzero((split_of == "train") | (split_of == ""))
    assigned: dict[str, Rows] = {}
    for split, share in (("test", chosen.test), ("validation", chosen.validation)):
        own = np.flatnonzero(split_of == split)
        if len(own):
            assigned[split] = own[np.random.default_rng(seed).permutation(len(own))]
        else:
            with prefixed(chosen.at(split)):
                rest, assigned[split] = _set_aside(rest, labels, group_of, share, seed)
                if len(assigned[split]) == 0:
                    largest = np.bincount(labels[rest], minlength=1).max()
                    line = f"{share:g} of {len(rest)} images leaves none for {split}"
                    raise DarkroomError(f"{line}: the largest class has {largest}; 3 are enough for all splits")
    if len(rest) == 0:
        raise DarkroomError(f"{chosen.place}: no image is left to train on")
    if {"test", "validation"} <= set(existing):  # nothing was drawn, so nothing is shuffled yet
        rest = rest[np.random.default_rng(seed).permutation(len(rest))]
    return {"train": rest, "validation": assigned["validation"], "test": assigned["test"]}


def check_train(train: Rows, labels: Labels, classes: Sequence[str], settings: Params) -> None:
    """Raises DarkroomError for a class without a training image."""
    missing = sorted(set(range(len(classes))) - set(labels[train].tolist()))
    if missing:
        names = ", ".join(classes[label] for label in missing)
        raise DarkroomError(
            f"{settings.preprocess.place}: no training image of {names}: all are in validation or test; "
            "choose splits or groups that leave some"
        )


def _check_groups(split_of: NDArray[np.object_], group_of: NDArray[np.object_]) -> None:
    """Raises DarkroomError for a group that the data set itself puts into two splits."""
    splits: dict[str, str] = {}
    for group, split in zip(group_of.tolist(), split_of.tolist(), strict=True):
        if group and splits.setdefault(group, split) != split:
            raise DarkroomError(
                f"group {group!r} is in {splits[group]} and in {split}; all images of a group must be in one split"
            )


def _set_aside(positions: Rows, labels: Labels, groups: NDArray[np.object_], share: float, seed: int) -> tuple[Rows, Rows]:
    """Splits `positions`, shuffled, in two; the second part has about the fraction `share` of each class."""
    if (groups[positions] != "").any():
        return _by_group(positions, labels[positions], groups[positions], share, seed)
    return _by_class(positions, labels[positions], share, seed)


def _by_class(positions: Rows, labels: Labels, share: float, seed: int) -> tuple[Rows, Rows]:
    """Stratified. A class too small for the fraction `share` puts one image into the second part, unless it has only one."""
    counts = np.bincount(labels)[labels]
    large = counts * min(share, 1 - share) >= 1
    rest, aside = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if large.any():
        rest, aside = train_test_split(positions[large], test_size=share, stratify=labels[large], random_state=seed)
    if large.all():
        return rest, aside
    generator = np.random.default_rng(seed)
    for label in np.unique(labels[~large]):
        of_class = generator.permutation(positions[labels == label])
        count = min(1, len(of_class) - 1)
        rest, aside = np.concatenate([rest, of_class[count:]]), np.concatenate([aside, of_class[:count]])
    return generator.permutation(rest), generator.permutation(aside)


def _by_group(positions: Rows, labels: Labels, groups: NDArray[np.object_], share: float, seed: int) -> tuple[Rows, Rows]:
    """By whole groups: the second part is one of about 1 / share folds. An image without a group forms its own."""
    named = np.where(groups == "", [f"\0{position}" for position in positions], groups)
    order = np.random.default_rng(seed).permutation(len(positions))
    folds = StratifiedGroupKFold(max(2, round(1 / share)), shuffle=True, random_state=seed)
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of classes smaller than the number of folds
            rest, aside = next(folds.split(order, labels[order], named[order].astype(str)))
    except ValueError as error:
        total = len(positions)
        raise DarkroomError(f"cannot set {share:g} of {total} images aside group by group: {first_line(error)}") from None
    return positions[order[rest]], positions[order[aside]]
