"""Exact and near duplicates among prepared images, within and across splits, and which test images leak into training.

`exact` pairs have the same prepared pixels by SHA-256. The thumbnails of `near` pairs have a correlation of at least
`similarity`; those of `mirrored` pairs reach it when one of the two is mirrored. A pair that is both counts as near. Images
without contrast have no correlation, so only their exact copies are found. See `darkroom.data.similarity`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from darkroom.core.arrays import Rows
from darkroom.core.errors import DarkroomError
from darkroom.data import candidate_pairs
from darkroom.data.similarity import Thumbnails, correlations, has_contrast, mirror

Names = NDArray[np.object_ | np.str_]

KINDS = ("exact", "near", "mirrored")
MAX_PAIRS = 10_000_000  # near and mirrored: beyond it nearly all images of a data set are alike, and a list is useless
CHUNK = 16384  # thumbnails tested for contrast at a time


def find(thumbnails: Thumbnails, shape: tuple[int, int], sha256: Sequence[str], similarity: float | None) -> pd.DataFrame:
    """All pairs, sorted: columns `first` < `second` (rows of `thumbnails`), `similarity` (1 for exact), `kind`.

    `thumbnails` is uint8 N x (h * w) by `similarity.thumbnail`, perhaps memory-mapped, `shape` its (h, w), `sha256` the N
    hashes of the prepared pixels. A set of k exact copies gives k - 1 pairs, each with the first copy, and only that first copy
    is in near and mirrored pairs. Without a `similarity` only exact copies are found. Raises DarkroomError for more than
    `MAX_PAIRS` near and mirrored pairs.
    """
    first = first_copies(sha256)
    copies = np.flatnonzero(first != np.arange(len(first)))
    tables = [_table(first[copies], copies, np.ones(len(copies)), "exact")]
    if similarity is not None:
        tables += _similar(thumbnails, shape, np.setdiff1d(np.arange(len(first)), copies), similarity)
    pairs = pd.concat(tables).sort_values(["first", "second", "kind"])
    return pairs.drop_duplicates(["first", "second"], ignore_index=True)  # near and mirrored: near comes first


def first_copies(sha256: Sequence[str]) -> Rows:
    """For each of N hashes the position of the first one that equals it, int64 N."""
    codes, _ = pd.factorize(np.asarray(sha256, object))
    _, first = np.unique(codes, return_index=True)
    return np.asarray(first[codes], np.int64)


def sets(pairs: pd.DataFrame, count: int) -> Rows:
    """For each of `count` images the first position in its set, int64. Images connected by a chain of pairs form one set."""
    links = coo_array((np.ones(len(pairs), bool), (pairs["first"], pairs["second"])), shape=(count, count))
    _, labels = connected_components(links, directed=False)
    _, smallest = np.unique(labels, return_index=True)
    return np.asarray(smallest[labels], np.int64)


def _similar(thumbnails: Thumbnails, shape: tuple[int, int], rows: Rows, similarity: float) -> list[pd.DataFrame]:
    """The near and the mirrored pairs among `rows`."""
    chunks = (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))
    rows = np.concatenate([rows[:0], *(chunk[has_contrast(thumbnails[chunk])] for chunk in chunks)])
    if len(rows) == 0:
        return []
    short = candidate_pairs.shorten(thumbnails, shape, rows)
    tables: list[pd.DataFrame] = []
    count = 0
    for kind, against in (("near", short.plain), ("mirrored", short.mirrored)):
        for left, right in candidate_pairs.candidates(short, against, similarity):
            second = thumbnails[right] if kind == "near" else mirror(thumbnails[right], shape)
            values = correlations(thumbnails[left], second)
            similar = values >= similarity
            left, right = left[similar], right[similar]
            tables.append(_table(np.minimum(left, right), np.maximum(left, right), values[similar], kind))
            count += len(left)
            if count > MAX_PAIRS:
                raise DarkroomError(
                    f"more than {MAX_PAIRS:,} pairs of images have a correlation of at least {similarity:g}: raise it"
                )
    return tables


def _table(first: Rows, second: Rows, similarity: NDArray[np.float64], kind: str) -> pd.DataFrame:
    return pd.DataFrame({"first": first, "second": second, "similarity": similarity, "kind": _kinds(kind, len(first))})


def _kinds(kind: str, count: int) -> pd.Categorical:
    return pd.Categorical(np.full(count, kind), KINDS)


def leaked(pairs: pd.DataFrame, split_of: Names, held_out: str, others: Sequence[str]) -> NDArray[np.bool_]:
    """Which images of the split `held_out` have a duplicate of any kind in one of the splits `others`; bool N.

    `split_of` names the split of each image. A near duplicate of one exact copy counts as one of all its copies.
    """
    group = _groups(pairs, len(split_of))
    present = np.zeros(len(split_of), bool)  # by the first copy: whether one of its copies is in `others`
    present[group[np.isin(split_of, others)]] = True
    leaks = present.copy()
    first, second = group[pairs["first"]], group[pairs["second"]]
    leaks[first[present[second]]] = True
    leaks[second[present[first]]] = True
    return np.asarray((split_of == held_out) & leaks[group])


def partners(pairs: pd.DataFrame, split_of: Names) -> pd.DataFrame:
    """The best partner of each image that has a duplicate: columns `image`, `partner`, `kind`, `similarity`, by image.

    Partners are ranked: those in another split first, then by similarity, kind and position.
    """
    group = _groups(pairs, len(split_of))
    paired = np.isin(group, group[pairs[["first", "second"]].to_numpy()])
    members = pd.DataFrame({"group": group, "image": np.arange(len(group)), "split": split_of})[paired]
    choices = _choices(pairs, members.rename(columns={"image": "partner", "split": "partner_split"}))
    pairings = members.merge(choices, on="group").query("image != partner")
    pairings["across"] = pairings["split"] != pairings["partner_split"]
    order = {"image": True, "across": False, "similarity": False, "kind": True, "partner": True}
    best = pairings.sort_values(list(order), ascending=list(order.values()))
    return best.drop_duplicates("image", ignore_index=True)[["image", "partner", "kind", "similarity"]]


def _choices(pairs: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """The two best partners of each group of copies in each split: two, since one of them may be the image itself."""
    near = pairs[pairs["kind"] != "exact"]
    swapped = near.rename(columns={"first": "second", "second": "first"})
    related = pd.concat([near, swapped]).rename(columns={"first": "target", "second": "group"})
    first_members = members.groupby(["group", "partner_split"]).head(1)
    others = related.merge(first_members, on="group").drop(columns="group").rename(columns={"target": "group"})
    own = members.groupby(["group", "partner_split"]).head(2).assign(similarity=1.0)
    own["kind"] = _kinds("exact", len(own))
    choices = pd.concat([own, others]).sort_values(["similarity", "kind", "partner"], ascending=[False, True, True])
    return choices.groupby(["group", "partner_split"]).head(2)


def _groups(pairs: pd.DataFrame, count: int) -> Rows:
    """For each image the first of its exact copies."""
    group = np.arange(count)
    exact = pairs[pairs["kind"] == "exact"]
    group[exact["second"]] = exact["first"]
    return group
