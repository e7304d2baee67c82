"""Stage 4: converts a trained network to the ONNX file that ships.

Reads   params.yaml (seed, image, preprocess.transforms, export), models/MODEL/model.keras, data/prepared (validation, classes),
        dvc.yaml and what it declares for train and export, for the passport.
Writes  models/MODEL/model.onnx, models/MODEL/reference.npy (Keras's probabilities on validation), reports/export/MODEL.json.
Run     dvc repro export@MODEL, or python -m pipeline.export MODEL

A temperature fitted on validation is folded into the last layer before anything is compared or converted.
"""

import hashlib
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from numpy.typing import NDArray

from darkroom import config
from darkroom.config.schema import Params
from darkroom.core import artifacts, command, paths
from darkroom.core.errors import DarkroomError
from darkroom.data.shards import Shards
from darkroom.evaluation import calibration
from darkroom.export import canonical, convert, flops, provenance
from darkroom.inference.metadata import Passport
from darkroom.launch import backend
from darkroom.training import keras_file, network

if TYPE_CHECKING:
    import keras

LIBRARIES = ("keras", "onnx", "onnxruntime", "onnxsim", "tensorflow", "tf2onnx")


def main() -> None:
    """Calibrates and converts one model, and writes down what Keras says of the validation images."""
    name = command.model_argument(__doc__)
    settings = config.load()
    settings.model(name)
    if not paths.keras(name).is_file():
        raise DarkroomError(f"{paths.keras(name)}: no such file; run `dvc repro train@{name}`")
    backend.start(settings.seed)
    model = keras_file.load(paths.keras(name))
    network.in_float32(model)
    validation = Shards(paths.prepared("validation"))
    temperature, answers = calibrated(model, validation, settings.export.calibrate)
    unsure_below = _threshold(name, answers, validation, settings.export.error_rate)
    onnx_model = canonical.canonical(convert.to_onnx(model, settings.export.opset))
    stamp = _passport(name, settings, onnx_model, model.count_params(), temperature, unsure_below)
    content = canonical.stamped(onnx_model, stamp)
    artifacts.write_array(paths.reference(name), answers)
    artifacts.write_bytes(paths.onnx(name), content)
    artifacts.write_json(paths.exported(name), _facts(content, stamp))


def calibrated(model: "keras.Model", split: Shards, wanted: bool) -> tuple[float, NDArray[np.float32]]:
    """Folds the best temperature on `split` into `model`; returns it (1 where none is wanted) and the answers it then gives."""
    answers = reference(model, split)
    if not wanted:
        return 1.0, answers
    temperature = calibration.temperature(answers, split.labels)
    network.divide_logits(model, temperature)
    return temperature, reference(model, split)


def reference(model: "keras.Model", split: Shards) -> NDArray[np.float32]:
    """Keras's probabilities, float32 N x K, in the order of the split."""
    return np.concatenate([np.asarray(model(images, training=False), np.float32) for images in split.batches()])


def _threshold(name: str, answers: NDArray[np.float32], split: Shards, rate: float | None) -> float | None:
    """The probability below which an answer is withheld; says so where that is all of them."""
    if rate is None:
        return None
    found = calibration.threshold(answers, split.labels, rate)
    if found == calibration.NEVER:
        print(f"{name}: export.error_rate: {rate:g} is out of reach on validation: every answer will be unsure", flush=True)
    return found


def _passport(
    name: str, settings: Params, model: onnx.ModelProto, parameters: int, temperature: float, unsure_below: float | None
) -> Passport:
    data = artifacts.read_json(paths.DATA_SUMMARY)
    return Passport(
        model=name,
        classes=tuple(data["classes"]),
        image_policy=settings.image.policy,
        transforms=tuple(call.plain() for call in settings.preprocess.transforms),
        parameters=parameters,
        multiply_adds=flops.multiply_adds(model),
        precision="float32",
        opset=settings.export.opset,
        temperature=temperature,
        error_rate=settings.export.error_rate,
        unsure_below=unsure_below,
        data=data["title"],
        licence=data["licence"],
        versions={library: metadata.version(library) for library in LIBRARIES},
        origin=provenance.here(name),
    )


def _facts(content: bytes, stamp: Passport) -> dict[str, Any]:
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "opset": stamp.opset,
        "parameters": stamp.parameters,
        "multiply_adds": stamp.multiply_adds,
        "temperature": stamp.temperature,
        "unsure_below": stamp.unsure_below,
    }


if __name__ == "__main__":
    command.run(main)
