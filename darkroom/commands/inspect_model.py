"""Describe an ONNX model from the file alone: its classes, how it prepares images, its cost, its provenance.

    darkroom inspect models/cnn/model.onnx
    darkroom inspect models/cnn/model.onnx --json
    darkroom inspect model.onnx --against .

`--against` checks whether the file is the one that dvc.lock of a checkout records; if not, it prints what differs and the exit
code is 1. It needs the environment of the pipeline (`make env`); the rest needs onnxruntime, OpenCV, Pillow and NumPy.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from darkroom.core import command, digests
from darkroom.core.errors import DarkroomError, printable
from darkroom.inference import metadata, session
from darkroom.inference.metadata import Metadata

try:
    from darkroom.export import provenance
except ImportError as error:  # `pip install darkroom` installs no YAML parser
    MISSING = error.name
else:
    MISSING = None

INTERRUPT_NOTE = "nothing was changed"
COLOURS = {1: "grey", 3: "RGB"}
ASPECT_RATIOS = {"stretch": "stretched", "pad": "padded with the background", "crop": "cropped to the centre"}


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the metadata of a file, or compares it with a checkout."""
    parser = command.parser(__doc__, "darkroom inspect")
    parser.add_argument("model", metavar="MODEL", type=Path, help="an ONNX file that the pipeline wrote")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--json", action="store_true", help="everything, for programs")
    mode.add_argument("--against", metavar="CHECKOUT", type=Path, help="a folder with a dvc.lock to compare with")
    arguments = parser.parse_args(argv)
    name = str(arguments.model)
    model = metadata.from_texts(session.metadata(session.load_file(arguments.model), name), name)
    content = arguments.model.read_bytes()
    if arguments.against:
        if MISSING:
            raise DarkroomError(
                f"--against needs the environment of the pipeline ({MISSING} is missing): `make env` sets it up"
            )
        print(printable(provenance.compare(content, model, name, arguments.against)))
    elif arguments.json:
        facts = {"sha256": digests.sha256(content), "bytes": len(content)}
        print(command.json_text({**asdict(model), **facts}, indent=2))
    else:
        for title, text in description(model, content).items():
            print(f"{title:<12}{printable(text)}")


def description(model: Metadata, content: bytes) -> dict[str, str]:
    """The metadata in words: title and text of each line."""
    policy = model.image_policy
    transforms = "; then " + ", ".join(name for call in model.transforms for name in call) if model.transforms else ""
    return {
        "model": f"{model.model}, {model.precision}, {len(content):,} bytes, opset {model.opset}",
        "classes": ", ".join(model.classes),
        "unsure": _unsure(model),
        "image": f"{policy.height} x {policy.width}, {COLOURS[policy.channels]}; rotated as EXIF says, transparency on "
        f"{policy.background}, 16 bits to 8; other aspect ratios {ASPECT_RATIOS[policy.shape]}; "
        f"resized with OpenCV's {policy.interpolation}{transforms}",
        "network": f"{model.parameters:,} parameters, {model.multiply_adds:,} multiply-adds per image",
        "calibrated": f"temperature {model.temperature:.4f}",
        "data": f"{model.data}, licence {model.licence}",
        "versions": ", ".join(f"{name} {version}" for name, version in model.versions.items()),
        **{title: ", ".join(rows) for title, rows in _provenance(model.origin).items()},
        "SHA-256": digests.sha256(content),
    }


def _unsure(model: Metadata) -> str:
    if model.unsure_below is None or model.error_rate is None:
        return "never"
    return f"below {model.unsure_below:.3f}, where validation's error rate is {100 * model.error_rate:g} %"


def _provenance(origin: dict[str, Any]) -> dict[str, list[str]]:
    """Shortened digests, grouped by kind. ONNX files of earlier versions have a digest for each file of code."""
    groups: dict[str, list[str]] = {"from data": [], "from code": [], "environment": []}
    files: list[str] = []
    for path, digest in origin["deps"].items():
        if path.startswith("pipeline/"):
            files.append(digest)
        elif path.startswith("reports/code/"):
            groups["from code"].append(f"{Path(path).stem} {digest[:8]}")
        else:
            groups["environment" if path == "requirements.txt" else "from data"].append(f"{path} {digest[:8]}")
    if files:
        together = digests.md5("".join(files).encode())
        groups["from code"].append(f"{len(files)} files {together[:8]}")
    groups["parameters"] = [", ".join(origin["params"])]
    return groups
