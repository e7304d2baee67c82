"""Stage: measures the published files on the test split, which no earlier stage has used.

Reads   params.yaml (evaluate), models/MODEL (model.onnx, quantized), reports/ (verify, quantize, export, each MODEL.json),
        data/prepared (test, classes, index).
Writes  reports/metrics/MODEL.json (five headline figures); reports/evaluation/MODEL.json (all figures, with a section for each
        quantized file, and the accuracy without the test images that have a duplicate in train or validation);
        reports/confusion, by_class and predictions, each MODEL.csv.
Run     dvc repro evaluate@MODEL, or python -m pipeline.evaluate MODEL
"""

from collections.abc import Sequence

from darkroom import config
from darkroom.core import artifacts, command, csv_files, stage
from darkroom.data.shards import Shards
from darkroom.evaluation import results, tables
from darkroom.verification import verified_models


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the ONNX files on the test split and writes their metrics."""
    workspace, arguments = stage.start("evaluate", stage.parser(__doc__, model=True), argv)
    name, settings = arguments.model, config.load(workspace)
    settings.model(name)
    test, confidence = Shards(workspace.split("test")), settings.evaluate.confidence
    leaked = results.leaked(workspace.index, len(test))
    model = verified_models.published(workspace, name)
    probabilities, metadata = results.answers(model.content(), str(workspace.onnx(name)), test)
    figures = results.figures(test.labels, probabilities, metadata, confidence, leaked)
    costs = results.costs(artifacts.read_json(workspace.report(name, "export")))
    report = artifacts.read_json(workspace.report(name, "quantize"))
    quantized = results.quantized(name, report, model.quantized(), test, confidence, leaked)
    classes = artifacts.read_json(workspace.classes)["classes"]
    predicted = probabilities.argmax(axis=1)
    artifacts.write_json(workspace.evaluation(name), {**figures, **costs, **quantized})
    artifacts.write_json(workspace.metrics(name), results.headline(figures))
    csv_files.write(workspace.confusion(name), tables.confusion(test.labels, predicted, classes))
    csv_files.write(workspace.by_class(name), tables.by_class(test.labels, predicted, classes))
    csv_files.write(workspace.predictions(name), tables.predictions(test.labels, probabilities, classes))
    print(f"{name}: {results.sentence(figures)}")


if __name__ == "__main__":
    command.run(main)
