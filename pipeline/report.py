"""Stage: writes one page that works offline: the models side by side, their mistakes, the data, the ONNX verification.

Reads   params.yaml (models, evaluate, report), reports/ (data, history, augmented, evaluation, confusion, predictions, verify),
        benchmarks/, data/prepared (train, test, previews).
Writes  reports/accuracy.json (the accuracy of each model), reports/index.html. Files in reports/ of models that params.yaml no
        longer names are deleted first.
Run     dvc repro report, or python -m pipeline.report
"""

from collections.abc import Sequence

from darkroom import config
from darkroom.core import artifacts, command, stage
from darkroom.reporting import page, stale_results


def main(argv: Sequence[str] | None = None) -> None:
    """Collects the results of the other stages and renders the page."""
    workspace, _ = stage.start("report", stage.parser(__doc__), argv)
    settings = config.load(workspace)
    if removed := stale_results.remove(workspace, settings.models):
        print(f"deleted, of models that {workspace.params} no longer names: {', '.join(map(str, removed))}")
    evaluations = {name: artifacts.read_json(workspace.evaluation(name)) for name in settings.models}
    artifacts.write_json(workspace.accuracy, {name: row["accuracy"] for name, row in evaluations.items()})
    artifacts.write_bytes(workspace.page, page.render(page.content(workspace, settings, evaluations)).encode())
    print(f"{workspace.page}: open it in a browser")


if __name__ == "__main__":
    command.run(main)
