"""Examples of what preprocessing did, for the report: small PNG images as data URLs."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from darkroom.core.arrays import Pixels
from darkroom.core.image_policy import ImagePolicy
from darkroom.data import images
from darkroom.data.images import opencv
from darkroom.data.images.stderr_guard import captured_stderr
from darkroom.data.ledger import SEPARATOR, Row, totals
from darkroom.data.sources.readers.collection import Collection, ImageSource

Preview = dict[str, str | None]  # source, note, before, after; for duplicates also kind

MAX_PREPARED, MAX_CONVERTED, MAX_PAIRS = 10, 24, 12
SIDE = 160  # largest height and width of a preview, in pixels
NAIVE = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


def prepared(collection: Collection, table: pd.DataFrame, pixels: Pixels, policy: ImagePolicy) -> list[Preview]:
    """Images before and after preparation: the first of each class, then the second, and so on."""
    turn = table.groupby("label").cumcount()
    ordered = table.assign(turn=turn, row=range(len(table))).sort_values(["turn", "label"], kind="stable")
    previews = []
    for row in ordered.head(MAX_PREPARED).to_dict("records"):
        original = _original(collection.images[row["position"]], policy)
        previews.append(_preview(row["source"], f"{row['width']} x {row['height']}", original, pixels[row["row"]]))
    return previews


def converted(collection: Collection, table: pd.DataFrame, pixels: Pixels) -> list[Preview]:
    """Converted files, two per reason: as a naive reader would show them, and as prepared."""
    rows = table.assign(row=range(len(table)))[table["notes"] != ""]
    reasons = rows["notes"].map({notes: _first_reason(notes) for notes in rows["notes"].unique()})
    chosen = rows[rows.groupby(reasons).cumcount() < 2].head(MAX_CONVERTED)
    return [
        _preview(row["source"], row["notes"], _naive(collection.images[row["position"]]), pixels[row["row"]])
        for row in chosen.to_dict("records")
    ]


def duplicates(report: pd.DataFrame, table: pd.DataFrame, pixels: Pixels) -> list[Preview]:
    """Duplicates side by side: different classes first, then different splits, and within each the most similar first."""
    row_of = {source: row for row, source in enumerate(table["source"])}
    conflict, across = report["class"] != report["partner_class"], report["split"] != report["partner_split"]
    order = {"agree": True, "inside": True, "similarity": False, "source": True}
    ordered = report.assign(agree=~conflict, inside=~across).sort_values(list(order), ascending=list(order.values()))
    previews: list[Preview] = []
    shown: set[frozenset[str]] = set()
    for row in ordered.to_dict("records"):
        pair = frozenset((row["source"], row["partner"]))
        if pair not in shown and len(previews) < MAX_PAIRS:
            shown.add(pair)
            names = (f"{row[side + 'class']} ({row[side + 'split']})" for side in ("", "partner_"))
            note = f"{row['kind']} {row['similarity']:.3f}: {' / '.join(names)}"
            image, partner = (pixels[row_of[row[side]]] for side in ("source", "partner"))
            previews.append({**_preview(row["source"], note, image, partner), "kind": row["kind"]})
    return previews


def _first_reason(notes: str) -> str:
    """The first conversion, with numbers replaced as in the ledger's totals."""
    (reason,) = totals([Row("", "", "converted", notes.split(SEPARATOR)[0])], "converted")
    return reason


def _preview(source: str, note: str, before: Pixels | None, after: Pixels) -> Preview:
    urls = [None if image is None else opencv.png_url(opencv.thumbnail(image, SIDE)) for image in (before, after)]
    return {"source": source, "note": note, "before": urls[0], "after": urls[1]}


def _original(image: ImageSource, policy: ImagePolicy) -> Pixels:
    return images.read(image.read_bytes(), policy, capture_stderr=True).pixels if isinstance(image, Path) else image


def _naive(image: ImageSource) -> Pixels | None:
    """A file decoded with alpha, orientation and full range ignored; None if OpenCV cannot decode it."""
    if not isinstance(image, Path):
        return image
    with captured_stderr():
        pixels = opencv.decode(image.read_bytes(), NAIVE)
    return None if pixels is None else np.asarray(opencv.swapped(pixels), np.uint8)
