"""Stage 5: the gate. onnxruntime must give what Keras gave on every validation image, or the run stops here.

Reads   params.yaml (verify), models/MODEL (model.onnx, reference.npy), reports/export/MODEL.json, data/prepared (validation).
Writes  reports/verify/MODEL.json, which evaluate depends on.
Run     dvc repro verify@MODEL, or python -m pipeline.verify MODEL
"""

import hashlib
import json

import numpy as np
from numpy.typing import NDArray

from pipeline import artifacts, command, params, paths
from pipeline.data.shards import Shards
from pipeline.deploy import parity, session
from pipeline.deploy.parity import Parity
from pipeline.errors import Refusal
from pipeline.params.schema import Verify

BATCH = 500
SHOWN = 10


def main() -> None:
    """Compares, judges, and writes the verdict of a model that passed."""
    name = command.model_argument(__doc__)
    settings = params.load()
    settings.model(name)
    content = paths.onnx(name).read_bytes()
    facts = json.loads(paths.exported(name).read_text())
    if hashlib.sha256(content).hexdigest() != facts["sha256"]:
        raise Refusal(
            f"{paths.onnx(name)}: not the file that export wrote (its SHA-256 differs); run `dvc repro export@{name}`"
        )
    validation = Shards(paths.prepared("validation"))
    runner = session.load(content, str(paths.onnx(name)))
    answers = np.concatenate([session.run(runner, images) for images in validation.batches(BATCH)])
    found = parity.compare(answers, reference(name, answers.shape), settings.verify.largest_difference)
    judge(found, settings.verify, name)
    verdict = {"images": found.images, "largest_difference": found.largest_difference, "flips": len(found.flips)}
    artifacts.write_json(paths.verdict(name), {**verdict, "sha256": facts["sha256"]})
    print(f"{name}: {found.images} images, largest difference {found.largest_difference:.1e}, {len(found.flips)} flips")


def reference(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """What Keras said. Raises Refusal for a damaged file, or one of another shape."""
    path = paths.reference(name)
    try:
        found: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise Refusal(f"{path}: not a .npy file ({error}); run `dvc repro export@{name}`") from None
    if found.shape != shape:
        raise Refusal(f"{path}: {found.shape}, but onnxruntime gives {shape}; run `dvc repro export@{name}`")
    return found


def judge(found: Parity, allowed: Verify, name: str) -> None:
    """Raises Refusal, with the image and the value, for a difference or a number of flips beyond what params.yaml allows."""
    if len(found.flips) > allowed.flips:
        shown = ", ".join(f"validation/{flip:06d}" for flip in found.flips[:SHOWN])
        raise Refusal(
            f"{name}: onnxruntime and Keras disagree on {len(found.flips)} images (verify.flips: {allowed.flips}): {shown}"
        )
    if not found.largest_difference <= allowed.largest_difference:
        raise Refusal(
            f"{name}: validation/{found.worst:06d}: onnxruntime and Keras differ by {found.largest_difference:.3g} "
            f"(verify.largest_difference: {allowed.largest_difference:g})"
        )


if __name__ == "__main__":
    command.run(main)
