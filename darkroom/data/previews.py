"""Pictures of what preprocessing did, small enough for a page: PNG as data addresses."""

import base64
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from darkroom.core.image_policy import ImagePolicy
from darkroom.data import images
from darkroom.data.images.stderr_guard import overheard
from darkroom.data.ledger import SEPARATOR, Row, totals
from darkroom.data.sources.readers.collection import Collection, Picture

Pixels = NDArray[np.uint8]
Shown = dict[str, str | None]

PLAIN, ODD, PAIRS = 10, 24, 12
SIDE = 160  # pixels of the longer side, at most
NAIVE = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


def png(pixels: Pixels) -> str:
    """A data address of uint8 H x W or H x W x C pixels (grey or RGB) as PNG, shrunk to `SIDE` where they are larger."""
    scale = SIDE / max(pixels.shape[:2])
    if scale < 1:
        size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    ordered = pixels[..., ::-1] if pixels.ndim == 3 and pixels.shape[-1] == 3 else pixels
    _, content = cv2.imencode(".png", np.ascontiguousarray(ordered))
    return "data:image/png;base64," + base64.b64encode(content.tobytes()).decode()


def prepared(collection: Collection, table: pd.DataFrame, pixels: Pixels, policy: ImagePolicy) -> list[Shown]:
    """Up to ten images before and after: the first of each class, then the second, and so on."""
    turn = table.groupby("label").cumcount()
    chosen = table.assign(turn=turn, place=range(len(table))).sort_values(["turn", "label"], kind="stable").head(PLAIN)
    found = []
    for row in chosen.to_dict("records"):
        whole = _whole(collection.pictures[row["position"]], policy)
        found.append(_shown(row["source"], f"{row['width']} x {row['height']}", whole, pixels[row["place"]]))
    return found


def odd(collection: Collection, table: pd.DataFrame, pixels: Pixels) -> list[Shown]:
    """Files that had to be converted, two of each kind: as a plain reader sees them, and as they were prepared."""
    converted = table.assign(place=range(len(table)))[table["notes"] != ""]
    kinds = converted["notes"].map({notes: _kind(notes) for notes in converted["notes"].unique()})
    chosen = converted[converted.groupby(kinds).cumcount() < 2].head(ODD)
    return [
        _shown(row["source"], row["notes"], _naive(collection.pictures[row["position"]]), pixels[row["place"]])
        for row in chosen.to_dict("records")
    ]


def pairs(told: pd.DataFrame, table: pd.DataFrame, pixels: Pixels) -> list[Shown]:
    """Duplicates side by side: of another class first, then across splits, then the least alike."""
    place = {source: at for at, source in enumerate(table["source"])}
    conflict, across = told["class"] != told["partner_class"], told["split"] != told["partner_split"]
    order = told.assign(conflict=~conflict, inside=~across).sort_values(
        ["conflict", "inside", "similarity", "source"], kind="stable"
    )
    chosen: list[Shown] = []
    seen: set[frozenset[str]] = set()
    for row in order.to_dict("records"):
        both = frozenset((row["source"], row["partner"]))
        if both not in seen and len(chosen) < PAIRS:
            seen.add(both)
            names = (f"{row[side + 'class']} ({row[side + 'split']})" for side in ("", "partner_"))
            note = f"{row['kind']} {row['similarity']:.3f}: {' / '.join(names)}"
            one, other = (pixels[place[row[side]]] for side in ("source", "partner"))
            chosen.append(_shown(row["source"], note, one, other))
    return chosen


def _kind(notes: str) -> str:
    """The first of the reasons, as the ledger's sums have it."""
    (kind,) = totals([Row("", "", "converted", notes.split(SEPARATOR)[0])], "converted")
    return kind


def _shown(source: str, note: str, before: Pixels | None, after: Pixels) -> Shown:
    return {"source": source, "note": note, "before": None if before is None else png(before), "after": png(after)}


def _whole(picture: Picture, policy: ImagePolicy) -> Pixels:
    return images.read(picture.read_bytes(), policy, listen=True).pixels if isinstance(picture, Path) else picture


def _naive(picture: Picture) -> Pixels | None:
    """What a reader without care makes of a file: no alpha, no orientation, no range; None where it can make nothing."""
    if not isinstance(picture, Path):
        return picture
    try:
        with overheard():
            found = cv2.imdecode(np.frombuffer(picture.read_bytes(), np.uint8), NAIVE)
    except cv2.error:
        return None
    return None if found is None else np.ascontiguousarray(found[..., ::-1])
