"""Stage: the gate before publish. The ONNX file must agree with params.yaml and with Keras, or the run stops here.

Reads   params.yaml (dataset, image, preprocess.transforms, verify), the data set, models/MODEL (candidate/model.onnx,
        candidate/export.json, reference.npy), data/raw, data/prepared (validation, index, classes).
Writes  models/MODEL/candidate/verify.json, which quantize and publish depend on.
Run     dvc repro verify@MODEL, or python -m pipeline.verify MODEL

Four things are compared with the training side: the file's bytes, the metadata, the predictions for tensors (all of validation;
a part of it with every batch size, optimisation level and thread count), and the predictions for image files of every kind.
"""

from collections.abc import Sequence

import numpy as np

from darkroom import config
from darkroom.core import artifacts, command, digests, stage
from darkroom.data.shards import Shards
from darkroom.inference import session
from darkroom.inference.classifier import Classifier
from darkroom.verification import candidate, file_parity, parity, verified_models


def main(argv: Sequence[str] | None = None) -> None:
    """Compares the candidate with Keras, and writes the report of one that passed."""
    workspace, arguments = stage.start("verify", stage.parser(__doc__, model=True), argv)
    name, settings = arguments.model, config.load(workspace)
    settings.model(name)
    limits, validation = settings.verify, Shards(workspace.split("validation"))
    content, path = verified_models.exported(workspace, name), workspace.candidate(name)
    classifier = Classifier(path)
    candidate.check_metadata(classifier.metadata, settings, workspace, name)
    answers = session.run_batches(classifier.session, validation.batches())
    reference = candidate.reference(workspace, name, answers.shape)
    result = parity.compare(answers, reference, limits.largest_difference)
    parity.check(result, limits, name)
    count = min(limits.images, len(validation))
    part = validation.images(np.arange(count))
    largest = parity.check_configurations(content, part, reference[:count], limits, str(path), name)
    files = file_parity.check_split(classifier, validation, reference, settings, workspace)
    largest, sha256 = max(result.largest_difference, largest), digests.sha256(content)
    report = {"images": result.images, "largest_difference": largest, "flips": len(result.flips), "files": files}
    artifacts.write_json(workspace.candidate_report(name, "verify"), {**report, "sha256": sha256})
    print(f"{name}: {result.images} images, largest difference {largest:.1e}, {len(result.flips)} flips")


if __name__ == "__main__":
    command.run(main)
