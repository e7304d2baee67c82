"""Stage 4: converts a trained network to the ONNX file that ships.

Reads   params.yaml (image, preprocess.transforms, export), models/MODEL/model.keras, data/prepared (validation, classes).
Writes  models/MODEL/model.onnx, models/MODEL/reference.npy (Keras's probabilities on validation), reports/export/MODEL.json.
Run     dvc repro export@MODEL, or python -m pipeline.export MODEL
"""

import hashlib
import json
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import artifacts, command, params, paths
from pipeline.data.shards import Shards
from pipeline.deploy import canonical, convert, counts, passport
from pipeline.deploy.passport import Passport
from pipeline.errors import Refusal
from pipeline.params.schema import Params
from pipeline.training import runtime

BATCH = 500


def main() -> None:
    """Converts one model and writes down what Keras says of the validation images."""
    name = command.model_argument(__doc__)
    settings = params.load()
    settings.model(name)
    if not paths.keras(name).is_file():
        raise Refusal(f"{paths.keras(name)}: no such file; run `dvc repro train@{name}`")
    runtime.start(settings.seed)
    model = load(name)
    onnx_model = canonical.canonical(convert.to_onnx(model, settings.export.opset))
    stamp = _passport(settings, model.count_params(), counts.multiply_adds(onnx_model))
    for key, value in passport.to_metadata(stamp).items():
        onnx_model.metadata_props.add(key=key, value=value)
    convert.check(onnx_model)
    content = canonical.serialise(onnx_model)
    artifacts.write_array(paths.reference(name), reference(model, Shards(paths.prepared("validation"))))
    artifacts.write_bytes(paths.onnx(name), content)
    artifacts.write_json(paths.exported(name), _facts(content, stamp, settings.export.opset))


def load(name: str) -> Any:
    """The trained Keras model. Raises Refusal for a file that Keras cannot read."""
    import keras

    try:
        return keras.saving.load_model(paths.keras(name), compile=False)
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise Refusal(f"{paths.keras(name)}: not a model that Keras can load: {str(error).splitlines()[0]}") from None


def reference(model: Any, split: Shards) -> NDArray[np.float32]:
    """Keras's probabilities, float32 N x K, in the order of the split."""
    return np.concatenate([np.asarray(model(images, training=False), np.float32) for images in split.batches(BATCH)])


def _passport(settings: Params, parameters: int, multiply_adds: int) -> Passport:
    data = json.loads(paths.DATA_SUMMARY.read_text())
    return Passport(
        classes=tuple(data["classes"]),
        image_policy=settings.image.policy,
        transforms=tuple(call.plain() for call in settings.preprocess.transforms),
        parameters=parameters,
        multiply_adds=multiply_adds,
        data=data["title"],
        licence=data["licence"],
    )


def _facts(content: bytes, stamp: Passport, opset: int) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "opset": opset,
        "parameters": stamp.parameters,
        "multiply_adds": stamp.multiply_adds,
    }


if __name__ == "__main__":
    command.run(main)
