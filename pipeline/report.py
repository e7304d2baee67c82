"""Stage 8: one page that opens without a network: the models side by side, their mistakes, the data, the ONNX check.

Reads   params.yaml (models, evaluate, report), reports/ (data, history, augmented, metrics, confusion, predictions, verify),
        benchmarks/, data/prepared (train, test, pictures).
Writes  reports/index.html.
Run     dvc repro report, or python -m pipeline.report
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from darkroom import config
from darkroom.config import Params
from darkroom.core import artifacts, command, paths
from darkroom.data.shards import Shards
from darkroom.evaluation import metrics
from darkroom.reporting import data_section, figures, page

MANY = 30  # classes, above which the page shows less of each
PAIRS = 20  # of classes that are taken for each other, of duplicates whose labels disagree
SIDE = 128  # pixels of a picture on the page, along its longer side


def main() -> None:
    """Gathers what the stages wrote, and renders it."""
    command.no_arguments(__doc__)
    artifacts.write_bytes(paths.PAGE, page.render(gathered(config.load())).encode())
    print(f"{paths.PAGE}: open it in a browser")


def gathered(settings: Params) -> dict[str, Any]:
    """What the page shows, about the models that params.yaml names and no others."""
    names = list(settings.models)
    data = _json(paths.DATA_SUMMARY)
    found = {name: _json(paths.metrics(name)) for name in names}
    verdicts = {name: _json(paths.verdict(name)) for name in names}
    return {
        **of_the_data(data),
        "metrics": found,
        "smaller": {name: smaller(row) for name, row in found.items()},
        "shipped": [shipped(name, row) for name, row in found.items()],
        "averaged": [name for name in names if settings.models[name].flip_averaging],
        "augmented": {name: augmented(name, settings) for name in names},
        "best": max(names, key=lambda name: float(found[name]["accuracy"])),
        "level": f"{100 * settings.evaluate.confidence:g}\N{NO-BREAK SPACE}%",
        "verdicts": verdicts,
        "largest": max(row["largest_difference"] for row in verdicts.values()),
        "flips": sum(row["flips"] for row in verdicts.values()),
        "curves_figure": figures.learning_curves({name: pd.read_csv(paths.history(name)) for name in names}),
        "accuracy_figure": figures.accuracy(found),
        "confusions": {name: confusions(name, data["classes"]) for name in names},
        "mistakes": {name: mistakes(name, settings.report.mistakes) for name in names},
        "benchmarks": [_json(file) for file in paths.BENCHMARKS],
    }


def of_the_data(data: dict[str, Any]) -> dict[str, Any]:
    """The same, whatever the models."""
    return {
        "data": data,
        "many": len(data["classes"]) > MANY,
        "totals": {split: sum(counts.values()) for split, counts in data["images"].items()},
        "balance": data_section.balance(data),
        "extremes": data_section.extremes(data),
        "mosaics": mosaics(data["classes"]),
        "reasons": data_section.reasons(data),
        "pictures": _json(paths.PICTURES),
        "conflicts": data_section.conflicts(_table(paths.DUPLICATES), PAIRS),
    }


def smaller(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The smaller forms of a model, kept or not, among its metrics."""
    return {key: row for key, row in found.items() if isinstance(row, dict) and "kept" in row}


def shipped(name: str, found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The figures of every file of a model that was kept, by what the page calls it."""
    return {name: found, **{f"{name}, {form}": row for form, row in smaller(found).items() if row["kept"]}}


def augmented(name: str, settings: Params) -> dict[str, Any]:
    """The steps of a model's augmentation, and the sheet of what they do."""
    calls = [call.plain() for call in settings.models[name].augment]
    steps = [(step, data_section.told(arguments)) for call in calls for step, arguments in call.items()]
    return {"steps": steps, "sheet": figures.address(paths.augmented(name).read_bytes())}


def mosaics(classes: list[str]) -> dict[str, str]:
    """The first training images of each class, side by side, as PNG addresses; fewer and smaller ones of many classes."""
    count, side = (8, SIDE // 4) if len(classes) > MANY else (14, SIDE // 2)
    train = Shards(paths.prepared("train"))
    rows = {name: np.flatnonzero(train.labels == label)[:count] for label, name in enumerate(classes)}
    return {name: figures.png(figures.mosaic(train.images(found), side)) for name, found in rows.items() if len(found)}


def confusions(name: str, classes: list[str]) -> dict[str, Any]:
    """The counts of a model's answers, a list a true class; of many classes, only which are taken for which most often."""
    counts = _table(paths.confusion(name)).iloc[:, 1:].to_numpy(np.int64)
    if len(classes) <= MANY:
        return {"counts": counts.tolist()}
    rows = [
        {"actual": classes[true], "answer": classes[answer], "images": int(counts[true, answer]), "of": int(counts[true].sum())}
        for true, answer in metrics.confused(counts, PAIRS)
    ]
    return {"rows": rows}


def mistakes(name: str, most: int) -> list[dict[str, Any]]:
    """The wrong answers that a model was surest of, with their pictures."""
    table = _table(paths.predictions(name)).astype({"probability": float})
    wrong = table[table["actual"] != table["predicted"]]
    worst = wrong.sort_values(["probability", "id"], ascending=[False, True]).head(most)
    pictures = Shards(paths.prepared("test")).images(worst.index.to_numpy())
    rows: list[dict[str, Any]] = json.loads(worst.to_json(orient="records", double_precision=6))
    shown = [figures.png(figures.thumbnail(picture, SIDE)) for picture in pictures]
    return [{**row, "picture": picture} for row, picture in zip(rows, shown, strict=True)]


def _table(path: Path) -> pd.DataFrame:
    """A table as it was written: a class may be called NA, and a carriage return in a name ends no line."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")


def _json(path: Path) -> Any:
    return artifacts.read_json(path)


if __name__ == "__main__":
    command.run(main)
