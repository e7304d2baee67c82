"""Stage: quantizes the candidate; a smaller file is kept only if it is small enough, and accurate enough on validation.

Reads   params.yaml (quantize), models/MODEL/candidate (model.onnx, verify.json), data/prepared (train, validation).
Writes  models/MODEL/candidate/quantized/ (model.int8.onnx, model.float16.onnx, or neither),
        models/MODEL/candidate/quantize.json (all trials).
Run     dvc repro quantize@MODEL, or python -m pipeline.quantize MODEL

int8 is tried with one scale per tensor and with one per channel; if neither passes, the most sensitive layers stay in float32.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from darkroom import config
from darkroom.core import artifacts, command, stage
from darkroom.data.shards import Shards
from darkroom.export import quantization_trials
from darkroom.export.quantization_trials import Trials
from darkroom.verification import verified_models


def main(argv: Sequence[str] | None = None) -> None:
    """Tries the precisions that params.yaml names and keeps the best file of each that passes."""
    workspace, arguments = stage.start("quantize", stage.parser(__doc__, model=True), argv)
    name, settings = arguments.model, config.load(workspace)
    settings.model(name)
    content = verified_models.candidate(workspace, name).content()
    validation, train = Shards(workspace.split("validation")), Shards(workspace.split("train"))
    images = train.images(np.arange(min(settings.quantize.images, len(train))))
    baseline = quantization_trials.measured("float32", content, validation)
    trials = Trials(baseline, images, validation, settings.quantize)
    report: dict[str, Any] = {"float32": baseline.plain()}
    with artifacts.replaced(workspace.candidate_quantized(name)) as (folder, _):
        for precision in settings.quantize.forms:
            forms = trials.of_precision(precision)
            report[precision] = trials.report(forms)
            print(f"{name} {precision}: {report[precision]['reason']}", flush=True)
            if kept := trials.best(forms):
                artifacts.write_bytes(folder / f"model.{precision}.onnx", kept.content)
    artifacts.write_json(workspace.candidate_report(name, "quantize"), report)


if __name__ == "__main__":
    command.run(main)
