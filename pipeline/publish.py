"""Stage: copies the candidates that passed verify and quantize to the files that ship and that Git holds.

Reads   models/MODEL/candidate: model.onnx, quantized/, and the reports of export, verify and quantize.
Writes  models/MODEL/model.onnx, models/MODEL/quantized/, reports/export, verify and quantize, each MODEL.json.
Run     dvc repro publish@MODEL, or python -m pipeline.publish MODEL

The ONNX file must have the SHA-256 that export and verify recorded, each quantized file the one that quantize recorded.
"""

from collections.abc import Sequence

from darkroom.core import command, stage
from darkroom.verification import publication


def main(argv: Sequence[str] | None = None) -> None:
    """Publishes all files of one model, or none."""
    workspace, arguments = stage.start("publish", stage.parser(__doc__, model=True), argv)
    files = publication.publish(workspace, arguments.model)
    print(f"{arguments.model}: published {', '.join(files)}")


if __name__ == "__main__":
    command.run(main)
