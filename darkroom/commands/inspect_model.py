"""Says what an ONNX file is, from the file alone: what it answers, how it looks at a picture, what it costs, where it is from.

    python -m darkroom.commands.inspect_model models/cnn/model.onnx
    python -m darkroom.commands.inspect_model models/cnn/model.onnx --json
    python -m darkroom.commands.inspect_model model.onnx --against .

`--against` says whether this very file is the one that the dvc.lock of a checkout names; if not, what differs, and exit code 1.
It needs the environment of the pipeline (`make env`); the rest needs onnxruntime, OpenCV, Pillow and NumPy.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from darkroom.core import command, paths
from darkroom.core.errors import DarkroomError
from darkroom.inference import metadata, session
from darkroom.inference.metadata import Passport

COLOURS = {1: "grey", 3: "RGB"}
PROPORTIONS = {"stretch": "stretched", "pad": "padded with the background", "crop": "cropped to the middle"}


def main() -> None:
    """Prints the passport of a file, or compares it."""
    arguments = command.parser(__doc__)
    arguments.add_argument("model", metavar="MODEL", type=Path, help="an ONNX file that export or quantize wrote")
    instead = arguments.add_mutually_exclusive_group()
    instead.add_argument("--json", action="store_true", help="everything, for programs")
    instead.add_argument("--against", metavar="CHECKOUT", type=Path, help="a folder with a dvc.lock to compare with")
    chosen = arguments.parse_args()
    stamp = metadata.from_metadata(session.metadata(session.load_file(chosen.model), str(chosen.model)), str(chosen.model))
    if not all(isinstance(stamp.origin.get(kind), dict) for kind in ("deps", "params")):
        raise DarkroomError(f"{chosen.model}: damaged metadata: origin must have deps and params")
    content = chosen.model.read_bytes()
    if chosen.against:
        print(compared(content, stamp, chosen.model, chosen.against))
    elif chosen.json:
        facts = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        print(json.dumps({**asdict(stamp), **facts}, indent=2, sort_keys=True, ensure_ascii=False))
    else:
        for title, text in told(stamp, content).items():
            print(f"{title:<12}{text}")


def told(stamp: Passport, content: bytes) -> dict[str, str]:
    """The passport in words, a line each."""
    policy = stamp.image_policy
    transforms = "; then " + ", ".join(name for call in stamp.transforms for name in call) if stamp.transforms else ""
    return {
        "model": f"{stamp.model}, {stamp.precision}, {len(content):,} bytes, opset {stamp.opset}",
        "answers": ", ".join(stamp.classes),
        "unsure": _unsure(stamp),
        "image": f"{policy.height} x {policy.width}, {COLOURS[policy.channels]}; turned as EXIF says, laid over the background "
        f"{policy.background}, 16 bit to 8; other proportions {PROPORTIONS[policy.shape]}; "
        f"scaled by OpenCV's {policy.interpolation}{transforms}",
        "network": f"{stamp.parameters:,} parameters, {stamp.multiply_adds:,} multiply-adds an image",
        "calibrated": f"temperature {stamp.temperature:.4f}",
        "data": f"{stamp.data}, licence {stamp.licence}",
        "made with": ", ".join(f"{name} {version}" for name, version in stamp.versions.items()),
        **{title: ", ".join(rows) for title, rows in _origins(stamp.origin).items()},
        "SHA-256": hashlib.sha256(content).hexdigest(),
    }


def _unsure(stamp: Passport) -> str:
    if stamp.unsure_below is None or stamp.error_rate is None:
        return "never"
    return f"below {stamp.unsure_below:.3f}, where validation's error rate is {100 * stamp.error_rate:g} %"


def compared(content: bytes, stamp: Passport, path: Path, checkout: Path) -> str:
    """Says that the file is the checkout's own. Raises DarkroomError, a line for each difference, where it is not."""
    try:
        from darkroom.export import provenance
    except ImportError as error:
        raise DarkroomError(
            f"--against needs the environment of the pipeline ({error.name} is missing): `make env` sets it up"
        ) from None
    lock, found = checkout / "dvc.lock", provenance.locked(stamp.model, checkout)
    if str(paths.onnx(stamp.model)) not in found["outs"]:
        raise DarkroomError(f"{lock}: no export of a model called {stamp.model}")
    stage = "export" if stamp.precision == "float32" else "quantize"
    if _is_the_one(content, stamp, checkout, found["outs"]):
        return f"{path} is the file that {stage}@{stamp.model} of {lock} wrote"
    lines = list(provenance.differences(stamp.origin, found))
    if not lines:
        lines = ["its origin is the same to the last value, but not its bytes: changed afterwards, or another machine's run"]
    raise DarkroomError("\n".join([f"{path}: not the file that {stage}@{stamp.model} of {lock} wrote", *lines]))


def _is_the_one(content: bytes, stamp: Passport, checkout: Path, outs: dict[str, str]) -> bool:
    """dvc.lock has the MD5 of an exported file, and of the report that has the SHA-256 of a smaller one."""
    if stamp.precision == "float32":
        return _md5(content) == outs[str(paths.onnx(stamp.model))]
    report = checkout / paths.quantized(stamp.model)
    if not report.is_file() or _md5(report.read_bytes()) != outs.get(str(paths.quantized(stamp.model))):
        raise DarkroomError(f"{report}: not the report of the dvc.lock beside it, which a smaller file is held to")
    kept = json.loads(report.read_text(encoding="utf-8")).get(stamp.precision, {})
    return bool(kept.get("sha256") == hashlib.sha256(content).hexdigest())


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _origins(origin: dict[str, Any]) -> dict[str, list[str]]:
    """The hashes by what they are of, shortened."""
    groups: dict[str, list[str]] = {"from data": [], "from code": [], "environment": []}
    for path, digest in origin["deps"].items():
        if path.startswith("pipeline/"):
            groups["from code"].append(digest)
        else:
            title = "environment" if path == "requirements.txt" else "from data"
            groups[title].append(f"{path} {digest[:8]}")
    together = _md5("".join(groups["from code"]).encode())
    groups["from code"] = [f"{len(groups['from code'])} files {together[:8]}"]
    groups["parameters"] = [", ".join(origin["params"])]
    return groups


if __name__ == "__main__":
    command.run(main, goes_on="nothing was changed")
