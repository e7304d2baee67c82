"""Stage 8: one page that opens without a network: the data, the models side by side, their mistakes, the ONNX check.

Reads   params.yaml (models, evaluate, report), reports/ (data, history, metrics, confusion, predictions, verify), benchmarks/,
        data/prepared (train, test).
Writes  reports/index.html.
Run     dvc repro report, or python -m pipeline.report
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline import artifacts, command, params, paths
from pipeline.data.shards import Shards
from pipeline.evaluation import figures, page
from pipeline.params import Params

SHOWN = 14


def main() -> None:
    """Gathers what the stages wrote, and renders it."""
    command.no_arguments(__doc__)
    artifacts.write_bytes(paths.PAGE, page.render(gathered(params.load())).encode())
    print(f"{paths.PAGE}: open it in a browser")


def gathered(settings: Params) -> dict[str, Any]:
    """What the page shows, about the models that params.yaml names and no others."""
    names = list(settings.models)
    data = _json(paths.DATA_SUMMARY)
    metrics = {name: _json(paths.metrics(name)) for name in names}
    verdicts = {name: _json(paths.verdict(name)) for name in names}
    return {
        "data": data,
        "totals": {split: sum(counts.values()) for split, counts in data["images"].items()},
        "mosaics": mosaics(data["classes"]),
        "metrics": metrics,
        "smaller": {name: {key: row for key, row in metrics[name].items() if isinstance(row, dict)} for name in names},
        "averaged": [name for name in names if settings.models[name].flip_averaging],
        "best": max(names, key=lambda name: float(metrics[name]["accuracy"])),
        "level": f"{100 * settings.evaluate.confidence:g}\N{NO-BREAK SPACE}%",
        "verdicts": verdicts,
        "largest": max(row["largest_difference"] for row in verdicts.values()),
        "flips": sum(row["flips"] for row in verdicts.values()),
        "curves_figure": figures.learning_curves({name: pd.read_csv(paths.history(name)) for name in names}),
        "accuracy_figure": figures.accuracy(metrics),
        "confusions": {name: pd.read_csv(paths.confusion(name)).iloc[:, 1:].to_numpy().tolist() for name in names},
        "mistakes": {name: mistakes(name, settings.report.mistakes) for name in names},
        "benchmarks": [_json(file) for file in paths.BENCHMARKS],
    }


def mosaics(classes: list[str]) -> dict[str, str]:
    """The first training images of each class, side by side, as PNG addresses."""
    train = Shards(paths.prepared("train"))
    rows = {name: np.flatnonzero(train.labels == label)[:SHOWN] for label, name in enumerate(classes)}
    return {name: figures.png(figures.mosaic(train.images(found))) for name, found in rows.items() if len(found)}


def mistakes(name: str, most: int) -> list[dict[str, Any]]:
    """The wrong answers that a model was surest of, with their pictures."""
    table = pd.read_csv(paths.predictions(name), dtype={"actual": str, "predicted": str}, keep_default_na=False)
    wrong = table[table["actual"] != table["predicted"]]
    worst = wrong.sort_values(["probability", "id"], ascending=[False, True]).head(most)
    pictures = Shards(paths.prepared("test")).images(worst.index.to_numpy())
    rows: list[dict[str, Any]] = json.loads(worst.to_json(orient="records", double_precision=6))
    return [{**row, "picture": figures.png(picture)} for row, picture in zip(rows, pictures, strict=True)]


def _json(path: Path) -> Any:
    return json.loads(path.read_text())


if __name__ == "__main__":
    command.run(main)
