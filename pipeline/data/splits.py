"""Which image goes where: test stays as given (or is set aside), validation comes out of train, both stratified."""

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import Refusal

Indices = NDArray[np.int64]


def split_off(labels: NDArray[np.int64], share: float, seed: int) -> tuple[Indices, Indices]:
    """Two shuffled, disjoint sets of positions, the second with `share` of each class. Same seed, same split.

    Raises Refusal for a class that has too few images to stand on both sides.
    """
    from sklearn.model_selection import train_test_split

    positions = np.arange(len(labels))
    try:
        rest, taken = train_test_split(positions, test_size=share, stratify=labels, random_state=seed)
    except ValueError as error:
        raise Refusal(f"preprocess: cannot set {share:g} of {len(labels)} images aside class by class: {error}") from None
    return rest, taken


def assign(labels: dict[str, NDArray[np.int64]], validation: float, test: float, seed: int) -> dict[str, tuple[str, Indices]]:
    """For `train`, `validation` and `test`: the given split they come from and the positions in it, shuffled by seed."""
    train = np.arange(len(labels["train"]))
    if "test" in labels:
        held = ("test", np.random.default_rng(seed).permutation(len(labels["test"])))
    else:
        train, aside = split_off(labels["train"], test, seed)
        held = ("train", aside)
    rest, chosen = split_off(labels["train"][train], validation, seed)
    return {"train": ("train", train[rest]), "validation": ("train", train[chosen]), "test": held}
