"""Classify image files with an ONNX model: one row per image, with the class and its probability.

    darkroom predict models/cnn/model.onnx shoe.png photos/ --top 3 --format csv > answers.csv

Needs onnxruntime, OpenCV, Pillow and NumPy. How images are prepared is read from the model file itself. The answer is
`unsure` if the probability is below the threshold in the file, which export chose on validation for the error rate in
params.yaml. An image that cannot be read gets a row that says why; all others are classified, and the exit code is 1. Control
characters in names are escaped; only JSON keeps such names exactly.
"""

import argparse
import csv
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from darkroom.core import command
from darkroom.core.arrays import BATCH
from darkroom.core.errors import DarkroomError, printable
from darkroom.data.images import SUFFIXES
from darkroom.inference.classifier import Classifier, Prediction

INTERRUPT_NOTE = "the answers so far are printed"

Row = tuple[str, Prediction | DarkroomError]


def main(argv: Sequence[str] | None = None) -> None:
    """Prints one row per image: its name, the answer, the probability of the most probable class."""
    parser = command.parser(__doc__, "darkroom predict")
    parser.add_argument("model", metavar="MODEL", help="an ONNX file that the pipeline wrote")
    parser.add_argument(
        "images",
        metavar="FILE|FOLDER",
        nargs="+",
        type=file_name,
        help="image files; of a folder all files with one of these suffixes, at any depth (a format without a decoder gets an "
        f"error row): {', '.join(sorted(SUFFIXES))}",
    )
    parser.add_argument("--top", metavar="K", type=command.positive, default=1, help="the K most probable classes (1)")
    parser.add_argument("--format", choices=FORMATS, default="table", help="how the rows are printed (table)")
    parser.add_argument(
        "--batch", metavar="N", type=command.positive, default=BATCH, help=f"images classified at a time ({BATCH})"
    )
    arguments = parser.parse_args(argv)
    classifier = Classifier(arguments.model)
    files = [file for path in arguments.images for file in image_files(path)]
    answers = zip(map(str, files), classifier.answers(files, arguments.batch), strict=True)
    unreadable: list[str] = []
    width = max(len(printable(file)) for file in files)
    top = min(arguments.top, len(classifier.classes))
    FORMATS[arguments.format](recording(progress(answers, len(files)), unreadable), top, width)
    if unreadable:
        raise DarkroomError(f"{len(unreadable)} of {len(files)} images could not be read")


def image_files(path: Path) -> list[Path]:
    """The file itself; or the image files of a folder, sorted, and the folders in it that cannot be listed; or the folder."""
    errors: list[OSError] = []  # for a file: that it is not a folder
    walked = os.walk(path, onerror=errors.append)
    files = (Path(folder, name) for folder, _, names in walked for name in names if not name.startswith("."))
    images = [file for file in files if file.suffix.lower() in SUFFIXES]
    return sorted([*images, *(Path(error.filename) for error in errors)]) or [path]


def file_name(text: str) -> Path:
    """The argparse type of a file or folder: an empty name would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty")
    return Path(text)


def recording(rows: Iterable[Row], unreadable: list[str]) -> Iterator[Row]:
    """Passes the rows on; appends the names of unreadable images to `unreadable`."""
    for name, answer in rows:
        if isinstance(answer, DarkroomError):
            unreadable.append(name)
        yield name, answer


def progress(rows: Iterable[Row], total: int, stream: TextIO | None = sys.stderr) -> Iterator[Row]:
    """Passes the rows on; prints their number once a second if `stream` is a terminal and stdout is not."""
    shown = stream is not None and stream.isatty() and not sys.stdout.isatty()
    started = printed = time.monotonic()
    count = 0
    for count, row in enumerate(rows, 1):
        yield row
        if shown and (now := time.monotonic()) - printed >= 1:
            printed = now
            print(f"\r{count:,} of {total:,}, {count / (now - started):,.0f} a second", end="", file=stream, flush=True)
    if printed > started:
        print(f"\r{count:,} of {total:,}", " " * 20, file=stream)


def as_table(rows: Iterable[Row], top: int, width: int) -> None:
    """Aligned columns for people."""
    for name, answer in rows:
        if isinstance(answer, DarkroomError):
            print(f"{printable(name):<{width}}  cannot be read: {_reason(name, answer)}")
        else:
            ranked = "  ".join(f"{printable(label)} {value:.4f}" for label, value in answer.top(top)[1:])
            print(f"{printable(name):<{width}}  {printable(_headline(answer))}  {ranked}".rstrip())


def as_csv(rows: Iterable[Row], top: int, _: int) -> None:
    """Comma-separated values with a header; `error` is empty unless the image could not be read."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    columns = [f"{column}{rank}" for rank in range(1, top + 1) for column in ("class", "probability")] if top > 1 else []
    writer.writerow(["file", "label", "probability", *columns, "error"])
    for name, answer in rows:
        if isinstance(answer, DarkroomError):
            cells = [name, "", "", *[""] * len(columns), _reason(name, answer)]
        else:
            ranked = [cell for label, value in answer.top(top) for cell in (label, f"{value:.6f}")] if top > 1 else []
            cells = [name, answer.label, f"{answer.probability:.6f}", *ranked, *[""] * (len(columns) - len(ranked)), ""]
        writer.writerow(map(printable, cells))


def as_json(rows: Iterable[Row], top: int, _: int) -> None:
    """One JSON list, one object per line."""
    before = "[\n"
    try:
        for name, answer in rows:
            print(before + command.json_text(_entry(name, answer, top)), end="")
            before = ",\n"
    finally:  # an interrupted list is still valid JSON
        print("\n]")


def _entry(name: str, answer: Prediction | DarkroomError, top: int) -> dict[str, Any]:
    if isinstance(answer, DarkroomError):
        return {"file": name, "error": _reason(name, answer)}
    ranked = [{"class": label, "probability": round(value, 6)} for label, value in answer.top(top)]
    return {"file": name, "label": answer.label, "probability": round(answer.probability, 6), "top": ranked}


FORMATS: dict[str, Callable[[Iterable[Row], int, int], None]] = {"table": as_table, "csv": as_csv, "json": as_json}


def _headline(answer: Prediction) -> str:
    ((label, value),) = answer.top(1)
    return f"{label} {value:.4f}" if answer.label == label else f"{answer.label} (most likely {label} {value:.4f})"


def _reason(name: str, error: DarkroomError) -> str:
    return str(error).removeprefix(f"{printable(name)}: ")
