"""Stage: converts a trained network to ONNX; the file is a candidate until it has passed verify.

Reads   params.yaml (seed, image, preprocess.transforms, export), models/MODEL/model.keras, data/prepared (validation),
        reports/data/summary.json; for the provenance, dvc.yaml and what it declares for train and export.
Writes  models/MODEL/candidate/model.onnx, models/MODEL/candidate/export.json,
        models/MODEL/reference.npy (Keras's probabilities on validation).
Run     dvc repro export@MODEL, or python -m pipeline.export MODEL

A temperature fitted on validation is folded into the last layer before anything is compared or converted.
"""

from collections.abc import Sequence

from darkroom import config
from darkroom.core import artifacts, command, stage
from darkroom.core.errors import DarkroomError
from darkroom.data.shards import Shards
from darkroom.export import canonical, description
from darkroom.launch import backend


def main(argv: Sequence[str] | None = None) -> None:
    """Calibrates and converts one model, and writes Keras's probabilities on the validation split."""
    workspace, arguments = stage.start("export", stage.parser(__doc__, model=True), argv)
    name, settings = arguments.model, config.load(workspace)
    settings.model(name)
    if not workspace.keras(name).is_file():
        raise DarkroomError(f"{workspace.keras(name)}: no such file; run `dvc repro train@{name}`")
    backend.configure()
    with backend.quiet_import():
        from darkroom.export import calibrate, convert
        from darkroom.training import keras_file, network, runtime
    runtime.start(settings.seed)
    model, validation = keras_file.load(workspace.keras(name)), Shards(workspace.split("validation"))
    network.in_float32(model)
    calibrated = calibrate.calibrate(model, validation, settings.export, name)
    onnx_model = canonical.canonical(convert.to_onnx(model, settings.export.opset))
    metadata = description.metadata(
        name, onnx_model, model.count_params(), calibrated.temperature, calibrated.unsure_below, settings, workspace
    )
    content = canonical.with_metadata(onnx_model, metadata)
    artifacts.write_array(workspace.reference(name), calibrated.probabilities)
    artifacts.write_bytes(workspace.candidate(name), content)
    artifacts.write_json(workspace.candidate_report(name, "export"), description.report(content, metadata))


if __name__ == "__main__":
    command.run(main)
