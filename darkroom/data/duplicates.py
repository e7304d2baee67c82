"""Exact and near duplicates among prepared images, within a split and across, and which test images they give away.

`exact` is the same prepared pixels by their SHA-256; `near` a correlation of the thumbnails of at least `similarity`;
`mirrored` the same of one with the other as seen in a mirror. A pair that is near both ways is near. Images without any
contrast are only found as exact copies. `darkroom.data.similarity` says what the correlation sees.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkroom.core.errors import DarkroomError
from darkroom.data import candidate_pairs
from darkroom.data.candidate_pairs import Rows
from darkroom.data.similarity import Thumbnails, correlations, has_contrast, mirror

KINDS = ("exact", "near", "mirrored")
MOST = 10_000_000  # near pairs: more is no list of duplicates but a data set that is all alike
AT_ONCE = 16384  # thumbnails looked at a time


def find(thumbnails: Thumbnails, shape: tuple[int, int], sha256: Sequence[str], similarity: float | None) -> pd.DataFrame:
    """All pairs, sorted: columns `first` < `second` (places among the images), `similarity` (1 for exact), `kind`.

    `thumbnails` is uint8 N x (h * w) by `likeness.thumbnail`, in memory or mapped, `shape` its (h, w), `sha256` the N hashes of
    the prepared pixels. A set of k exact copies gives k - 1 rows, each with the first of them, and only that first one
    stands in near and mirrored pairs. Without a `similarity` only exact copies are looked for. Raises DarkroomError for more
    than `MOST` pairs.
    """
    first = originals(sha256)
    copies = np.flatnonzero(first != np.arange(len(first)))
    tables = [_table(first[copies], copies, np.ones(len(copies)), "exact")]
    if similarity is not None:
        tables += _alike(thumbnails, shape, np.setdiff1d(np.arange(len(first)), copies), similarity)
    pairs = pd.concat(tables).sort_values(["first", "second", "kind"])
    return pairs.drop_duplicates(["first", "second"], ignore_index=True)  # near both ways: near comes first


def originals(sha256: Sequence[str]) -> Rows:
    """For each of N hashes the place of the first one that equals it, int64 N."""
    codes, _ = pd.factorize(np.asarray(sha256, object))
    _, first = np.unique(codes, return_index=True)
    return np.asarray(first[codes], np.int64)


def sets(pairs: pd.DataFrame, count: int) -> Rows:
    """For each of `count` images the smallest place in its set, int64: images that a chain of pairs joins are one set."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(pairs), bool), (pairs["first"], pairs["second"])), shape=(count, count))
    _, labels = connected_components(links, directed=False)
    _, smallest = np.unique(labels, return_index=True)
    return np.asarray(smallest[labels], np.int64)


def _alike(thumbnails: Thumbnails, shape: tuple[int, int], rows: Rows, similarity: float) -> list[pd.DataFrame]:
    """The near and the mirrored pairs among `rows`."""
    blocks = (rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE))
    rows = np.concatenate([rows[:0], *(block[has_contrast(thumbnails[block])] for block in blocks)])
    if len(rows) == 0:
        return []
    short = candidate_pairs.shorten(thumbnails, shape, rows)
    tables: list[pd.DataFrame] = []
    count = 0
    for kind, against in (("near", short.plain), ("mirrored", short.mirrored)):
        for left, right in candidate_pairs.candidates(short, against, similarity):
            other = thumbnails[right] if kind == "near" else mirror(thumbnails[right], shape)
            found = correlations(thumbnails[left], other)
            alike = found >= similarity
            left, right = left[alike], right[alike]
            tables.append(_table(np.minimum(left, right), np.maximum(left, right), found[alike], kind))
            count += len(left)
            if count > MOST:
                raise DarkroomError(f"more than {MOST:,} pairs of images are alike by {similarity:g}: raise `similarity`")
    return tables


def _table(first: Rows, second: Rows, similarity: NDArray[np.float64], kind: str) -> pd.DataFrame:
    return pd.DataFrame({"first": first, "second": second, "similarity": similarity, "kind": _kinds(kind, len(first))})


def _kinds(kind: str, count: int) -> pd.Categorical:
    return pd.Categorical(np.full(count, kind), KINDS)


def leaked(pairs: pd.DataFrame, split_of: NDArray[Any], held: str, seen: Sequence[str]) -> NDArray[np.bool_]:
    """Which images of split `held` have a duplicate of any kind in one of the splits `seen`; bool N.

    `split_of` names the split of each image. The copies of a partner count as the partner does.
    """
    group = _groups(pairs, len(split_of))
    given = np.zeros(len(split_of), bool)  # by the first image of a group
    given[group[np.isin(split_of, seen)]] = True
    known = given.copy()
    one, other = group[pairs["first"]], group[pairs["second"]]
    known[one[given[other]]] = True
    known[other[given[one]]] = True
    return np.asarray((split_of == held) & known[group])


def partners(pairs: pd.DataFrame, split_of: NDArray[Any]) -> pd.DataFrame:
    """The best partner of every image that has one: columns `image`, `partner`, `kind`, `similarity`, by image.

    A partner in another split is better than one in its own, then the more similar, then by kind and place.
    """
    group = _groups(pairs, len(split_of))
    paired = np.isin(group, group[pairs[["first", "second"]].to_numpy()])
    members = pd.DataFrame({"group": group, "image": np.arange(len(group)), "split": split_of})[paired]
    offers = _offers(pairs, members.rename(columns={"image": "partner", "split": "there"}))
    pairings = members.merge(offers, on="group").query("image != partner")
    pairings["apart"] = pairings["split"] != pairings["there"]
    order = {"image": True, "apart": False, "similarity": False, "kind": True, "partner": True}
    best = pairings.sort_values(list(order), ascending=list(order.values()))
    return best.drop_duplicates("image", ignore_index=True)[["image", "partner", "kind", "similarity"]]


def _offers(pairs: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """The best two partners for a group of copies in each split (`there`): two, for one may be the image that asks."""
    alike = pairs[pairs["kind"] != "exact"]
    turned = alike.rename(columns={"first": "second", "second": "first"})
    related = pd.concat([alike, turned]).rename(columns={"first": "asking", "second": "group"})
    spokesmen = members.groupby(["group", "there"]).head(1)
    others = related.merge(spokesmen, on="group").drop(columns="group").rename(columns={"asking": "group"})
    own = members.groupby(["group", "there"]).head(2).assign(similarity=1.0)
    own["kind"] = _kinds("exact", len(own))
    offers = pd.concat([own, others]).sort_values(["similarity", "kind", "partner"], ascending=[False, True, True])
    return offers.groupby(["group", "there"]).head(2)


def _groups(pairs: pd.DataFrame, count: int) -> Rows:
    """For each image the first of its exact copies."""
    group = np.arange(count)
    exact = pairs[pairs["kind"] == "exact"]
    group[exact["second"]] = exact["first"]
    return group
