"""A mistake in params.yaml is one line: file, line, key, value, what is allowed or the nearest name."""

import math
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from darkroom import config
from darkroom.config import vocabulary
from darkroom.config.signatures import Signature
from darkroom.core import yaml_source
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from tests.support.params import LAYERS, PARAMS, RATE

DECAY = "15: models.tiny.fit.optimizer.Adam.learning_rate.CosineDecay"
LOSS = "17: models.tiny.fit.loss.CategoricalCrossentropy"
MISTAKES = [
    ("batch_size: 32", "batchsize: 32", "14: models.tiny.fit.batchsize: no such key; did you mean batch_size?"),
    ("      batch_size: 32\n", "", "12: models.tiny.fit.batch_size: the key is missing; it is required"),
    ("- Flatten", "- Flaten", "10: models.tiny.layers[1].Flaten: no layer of that name; did you mean Flatten?"),
    (
        "filters: 8",
        "filtrs: 8",
        "9: models.tiny.layers[0].Conv2D.filtrs: Conv2D has no argument of that name; did you mean filters?",
    ),
    (
        "- Flatten",
        "- RandomFlip",
        "10: models.tiny.layers[1].RandomFlip: it changes images at random in training: put a transform under augment",
    ),
    ("- Flatten", "- LSTM: {units: 3}", "10: models.tiny.layers[1].LSTM: it works on sequences, not on images"),
    (
        "- Flatten",
        "- Resizing: {height: 4, width: 4, interpolation: area}",
        "10: models.tiny.layers[1].Resizing.interpolation: 'area': onnxruntime and Keras compute different results; allowed: bili",
    ),
    (
        "filters: 8",
        "filters: 8, dtype: float16",
        "9: models.tiny.layers[0].Conv2D.dtype: 'float16': weights are float32 in the ONNX file; allowed: float32, mixed_",
    ),
    (
        "- Flatten",
        "- Resizing: {height: 4, width: 4, antialias: true}",
        "10: models.tiny.layers[1].Resizing.antialias: true: it has no ONNX equivalent; allowed: false",
    ),
    (
        "- Flatten",
        "- Conv2DTranspose: {filters: 4, kernel_size: 2, strides: [3, 1]}",
        "10: models.tiny.layers[1].Conv2DTranspose.strides: [3, 1]: a transposed convolution needs a kernel at least as large",
    ),
    (
        "- Flatten",
        "- Conv2DTranspose: {filters: 4, kernel_size: 3, strides: 2, output_padding: 1}",
        "10: models.tiny.layers[1].Conv2DTranspose.output_padding: 1: it can only be exported with padding: same",
    ),
    (
        "- Flatten",
        "- Dense: {units: 4, name: probabilities}",
        "10: models.tiny.layers[1].Dense.name: 'probabilities': the network has a part of that name; reserved: image, ",
    ),
    (
        "- Flatten",
        "- Activation: {activation: glu}",
        "10: models.tiny.layers[1].Activation.activation: 'glu': it halves the ch",
    ),
    ("- Flatten", "- Dense: {units: 4, name: 3}", "10: models.tiny.layers[1].Dense.name: 3: text is needed"),
    ("- Flatten", "- Dense: {units: 4, name: {a: 1}}", "10: models.tiny.layers[1].Dense.name: {'a': 1}: text is needed"),
    *(
        (
            "- Flatten",
            f"- Conv2DTranspose: {{filters: 4, kernel_size: {size}}}",
            f"10: models.tiny.layers[1].Conv2DTranspose.kernel_size: {size}: one or two whole numbers are needed",
        )
        for size in ("3.5", "null", "[3]", "[3, 1.5]", "0", "-1")
    ),
    (
        "- Flatten",
        "- Conv2DTranspose: {filters: 4, kernel_size: 3, strides: null}",
        "10: models.tiny.layers[1].Conv2DTranspose.strides: null: one or two whole numbers are needed",
    ),
    ("- Flatten", "- Normalization", "10: models.tiny.layers[1].Normalization: Normalization needs the argument mean"),
    ("error_rate: 0.05", "error_rate: 2.0", "21: export.error_rate: 2.0: input should be less than 1"),
    ("forms: [int8]", "forms: [int4]", "23: quantize.forms[0]: 'int4': input should be 'int8' or 'float16'"),
    ("filters: 8, ", "", "9: models.tiny.layers[0].Conv2D: Conv2D needs the argument filters"),
    ("filters: 8", "filters: '8'", "9: models.tiny.layers[0].Conv2D.filters: '8': text where a number is needed"),
    (
        "HorizontalFlip",
        "HorizontalFlp",
        "11: models.tiny.augment[0].HorizontalFlp: no transform of that name; did you mean HorizontalFlip?",
    ),
    ("p: 0.5", "p: often", "11: models.tiny.augment[0].HorizontalFlip.p: 'often': the argument takes float"),
    ("Adam:", "Adm:", "15: models.tiny.fit.optimizer.Adm: no optimizer of that name; did you mean Adam?"),
    (
        "Cosine",
        "Cosin",
        "15: models.tiny.fit.optimizer.Adam.learning_rate.CosinDecay: no schedule of that name; did you mean CosineDecay?",
    ),
    (
        "EarlyStopping",
        "ModelCheckpoint",
        "19: models.tiny.fit.callbacks[0].ModelCheckpoint: no callback of that name; allowed: ",
    ),
    (
        "val_loss",
        "val_acc",
        "19: models.tiny.fit.callbacks[0].EarlyStopping.monitor: no metric of that name; did you mean val_accuracy?",
    ),
    (
        "EarlyStopping: {monitor: val_loss, patience: 2}",
        "ReduceLROnPlateau",
        "19: models.tiny.fit.callbacks: ReduceLROnPlateau needs a learning_rate that is a number",
    ),
    ("epochs: 3\n", "epochs: three\n", "13: models.tiny.fit.epochs: 'three': input should be a valid integer"),
    ("epochs: 3\n", "epochs: 0\n", "13: models.tiny.fit.epochs: 0: input should be greater than or equal to 1"),
    ("epochs: 3\n", f"epochs: {10**400}\n", f"13: models.tiny.fit.epochs: 1{56 * '0'}...: input should be less than "),
    ("validation: 0.1", "validation: 1.5", "4: preprocess.validation: 1.5: input should be less than 1"),
    ("flip_averaging: false", "flip_averaging: 1", "20: models.tiny.flip_averaging: 1: input should be a valid boolean"),
    ("channels: 1", "channels: 2", "3: image.channels: 2: input should be 1 or 3"),
    ("[0, 0, 0]", "[0, 0, 256]", "3: image.background[2]: 256: input should be less than or equal to 255"),
    ("[0, 0, 0]", "[0, 0]", "3: image.background[2]: the key is missing; it is required"),
    ("100_000_000", "0", "3: image.max_pixels: 0: input should be greater than or equal to 1"),
    (
        "seed: 0",
        "seed: 0\nseed: 1",
        '2: found duplicate key "seed" with value "1" (original value: "0"); each key may occur only once',
    ),
    ("export: {opset: 18, calibrate: true, error_rate: 0.05}\n", "", "1: export: the key is missing; it is required"),
    ("tiny:", "ti.ny:", "7: models.ti.ny: 'ti.ny': must match ^[a-z0-9_]+$"),
    ("image: {", "image: [", "3: not valid YAML: expected ',' or ']', but got '}'"),
    ("augment: [HorizontalFlip: {p: 0.5}]", "augment: none", "11: models.tiny.augment: 'none': a list is needed; [] for none"),
    (PARAMS, "", "1: the file is empty; it must hold a mapping of sections"),
    (PARAMS, "- a\n", "1: the file holds a list; it must hold a mapping of sections"),
    ("warmup: null", "warmup: 5 eps", "16: models.tiny.fit.warmup: '5 eps': `2 epochs`, `5 %` or null is needed"),
    (
        "{initial_learning_rate: 0.01, decay_steps: 3 epochs}}}}\n      warmup: null",
        "{initial_learning_rate: 0.0, warmup_target: 0.01, warmup_steps: 5 %, decay_steps: 3 epochs}}}}\n      warmup: 1 epoch",
        "16: models.tiny.fit.warmup: the schedule warms up by itself (warmup_target): remove one of the two",
    ),
    (
        "CategoricalCrossentropy",
        "CategoricalCrossentropi",
        "17: models.tiny.fit.loss.CategoricalCrossentropi: no loss of that name; did",
    ),
    (
        "loss: CategoricalCrossentropy",
        "loss: {CategoricalCrossentropy: {label_smothing: 0.1}}",
        "17: models.tiny.fit.loss.CategoricalCrossentropy.label_smothing: CategoricalCrossentropy has no argument of that name; did",
    ),
    (
        RATE,
        "Adam: {learning_rate: {PiecewiseConstantDecay: {boundaries: [foo], values: [0.1, 0.2]}}}",
        "15: models.tiny.fit.optimizer.Adam.learning_rate.PiecewiseConstantDecay.boundaries: 'foo': a number of steps",
    ),
    (
        RATE,
        "Adam: {gradient_accumulation_steps: 2 epochs}",
        "15: models.tiny.fit.optimizer.Adam.gradient_accumulation_steps: '2 epochs': text where a number is needed",
    ),
    ("decay_steps: 3 epochs", "decay_steps: 80%", f"{DECAY}.decay_steps: '80%': a number of steps, `2 epochs` or `80 %` is"),
    ("decay_steps: 3 epochs", "decay_steps: 0.8", f"{DECAY}.decay_steps: 0.8: a number of steps, `2 epochs` or `80 %` is"),
    ("decay_steps: 3 epochs", "decay_steps: 0 %", f"{DECAY}.decay_steps: '0 %': a number of steps, `2 epochs` or `80 %` is"),
    ("decay_steps: 3 epochs", "decay_steps: null", f"{DECAY}.decay_steps: null: a number of steps, `2 epochs` or `80 %` is"),
    (
        "decay_steps: 3 epochs",
        "decay_steps: 2 epochs",
        f"{DECAY}.decay_steps: '2 epochs': the learning rate would be 0 in the last 1 of 3",
    ),
    (
        "epochs: 3\n",
        "epochs: 20\n",
        f"{DECAY}.decay_steps: '3 epochs': the learning rate would be 0 in the last 17 of 20 epochs",
    ),
    (
        "decay_steps: 3 epochs",
        "decay_steps: 9, warmup_steps: 5 %",
        f"{DECAY}.warmup_steps: it has no effect without warmup_target",
    ),
    ("decay_steps: 3 epochs", "decay_steps: .inf", f"{DECAY}.decay_steps: inf: a number of steps, `2 epochs` or `80 %` is"),
    ("decay_steps: 3 epochs", "decay_steps: .nan", f"{DECAY}.decay_steps: nan: a number of steps, `2 epochs` or `80 %` is"),
    ("warmup: null", "warmup: 100 %", "16: models.tiny.fit.warmup: '100 %': all 3 epochs would be warm-up"),
    ("warmup: null", "warmup: 3 epochs", "16: models.tiny.fit.warmup: '3 epochs': all 3 epochs would be warm-up"),
    (
        RATE,
        "Adam: {learning_rate: CosineDecay}",
        "15: models.tiny.fit.optimizer.Adam.learning_rate: 'CosineDecay': a number above 0 is",
    ),
    (
        RATE,
        "SGD: {learning_rate: -0.1}",
        "15: models.tiny.fit.optimizer.SGD.learning_rate: -0.1: a number above 0 is needed, or a schedule",
    ),
    (
        RATE,
        "SGD: {learning_rate: .inf}",
        "15: models.tiny.fit.optimizer.SGD.learning_rate: inf: a number above 0 is needed, or a",
    ),
    (
        RATE,
        "SGD: {learning_rate: .nan}",
        "15: models.tiny.fit.optimizer.SGD.learning_rate: nan: a number above 0 is needed, or a",
    ),
    (RATE, "Adam: {use_ema: yes}", "15: models.tiny.fit.optimizer.Adam.use_ema: 'yes': the argument takes true or false"),
    (RATE, "Muon: {exclude_layers: conv}", "15: models.tiny.fit.optimizer.Muon.exclude_layers: 'conv': a list is needed"),
    (
        RATE,
        "ScheduleFreeAdamW",
        "15: models.tiny.fit.optimizer.ScheduleFreeAdamW: Keras does not put its averaged weights into the model",
    ),
    (
        "{p: 0.5}]",
        "{p: 0.5}, RandomFlip]",
        "11: models.tiny.augment[1].RandomFlip: no transform of that name; Albumentations has HorizontalFlip",
    ),
    (
        "loss: CategoricalCrossentropy",
        "loss: {CategoricalCrossentropy: {from_logits: true}}",
        f"{LOSS}.from_logits: CategoricalCrossentropy has no",
    ),
    (
        "loss: CategoricalCrossentropy",
        "loss: {CategoricalCrossentropy: {label_smoothing: 1.5}}",
        f"{LOSS}.label_smoothing: 1.5: a number of at least 0",
    ),
    (
        "loss: CategoricalCrossentropy",
        "loss: {CategoricalCrossentropy: {label_smoothing: [0.1]}}",
        f"{LOSS}.label_smoothing: [0.1]: a",
    ),
    (LAYERS, "    residual: WRN-16-4\n", "8: models.tiny.residual: 'WRN-16-4': keys with values are needed"),
    (
        LAYERS,
        "    application: {name: VGG16, weights: none, size: 32, trainable: true, dropout: 0.0}\n",
        "8: models.tiny.application.weights: 'none': imagenet, null or",
    ),
    ("class_weight: null", "class_weight: even", "18: models.tiny.fit.class_weight: 'even': balanced or null is needed"),
    ("backend: tensorflow", "backend: torch", "5: training.backend: 'torch': input should be 'tensorflow' or 'jax'"),
    (
        "float32",
        "bfloat16",
        "5: training.precision: 'bfloat16': input should be 'float32', 'mixed_bfloat16' or 'mixed_float16'",
    ),
    (
        "[HorizontalFlip: {p: 0.5}]",
        "[MixUp, HorizontalFlip: {p: 0.5}]",
        "11: models.tiny.augment[1].HorizontalFlip: it works on single images and must come before those that work on a batch",
    ),
    (
        "[HorizontalFlip: {p: 0.5}]",
        "[HorizontalFlip: {p: 0.5}, AlternatingFlip]",
        "11: models.tiny.augment[1].AlternatingFlip: it must come first, and only once",
    ),
    (
        "[HorizontalFlip: {p: 0.5}]",
        "[AlternatingFlip, HorizontalFlip: {p: 0.5}]",
        "11: models.tiny.augment[1].HorizontalFlip: AlternatingFlip already mirrors images: remove one of the two",
    ),
    (
        "HorizontalFlip: {p: 0.5}",
        "AlternatingFlip: {p: 0.5}",
        "11: models.tiny.augment[0].AlternatingFlip.p: AlternatingFlip has no argument of that name",
    ),
    (
        "HorizontalFlip: {p: 0.5}",
        "MixUp: {seed: 1}",
        "11: models.tiny.augment[0].MixUp.seed: MixUp has no argument of that name",
    ),
    (LAYERS, "", "7: models.tiny: one of layers, compact, residual, application must describe the network; there is none"),
    (
        LAYERS,
        f"{LAYERS}    residual: {{depth: 16, width: 2, squeeze_excitation: 0, dropout: 0.0}}\n",
        "7: models.tiny: one of layers, compact, residual, application must describe the network; not layers and residual",
    ),
    (
        LAYERS,
        "    residual: {depth: 12, width: 2, squeeze_excitation: 0, dropout: 0.0}\n",
        "8: models.tiny.residual.depth: 12: the depth must be 6 n + 4: 10, 16, 22, 28, 34, 40",
    ),
    (
        LAYERS,
        "    application: {name: MobilNetV2, weights: null, size: 32, trainable: true, dropout: 0.0}\n",
        "8: models.tiny.application.name: no Keras Application of that name; did you mean MobileNetV2?",
    ),
    (
        LAYERS,
        "    application: {name: MobileNetV2, weights: null, size: 32, trainable: false, dropout: 0.0}\n",
        "8: models.tiny.application.trainable: with weights: null and trainable: false its features would stay random",
    ),
    (
        LAYERS,
        f"    application: {{name: MobileNetV2, weights: {{file: /a.weights.h5, sha256: '{64 * '0'}'}}, size: 32, trainable: true, dropout: 0.0}}\n",
        "8: models.tiny.application.weights.file: '/a.weights.h5': an absolute path; a path relative to the root of the repository is needed",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "line"), MISTAKES, ids=[line for _, _, line in MISTAKES])
def test_a_mistake_is_one_line(right: str, wrong: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    assert right in PARAMS
    path.write_text(PARAMS.replace(right, wrong, 1))
    with pytest.raises(DarkroomError, match=re.escape(f"{path}:{line}")) as refused:
        config.load_file(path)
    assert "\n" not in str(refused.value)


# A call's keys in models.tiny, its name, its required arguments, and the signatures of its kind.
CALLS = [
    (("layers", 1), "Conv2DTranspose", {"filters": 4, "kernel_size": 3}, vocabulary.layers),
    (("fit", "optimizer"), "SGD", {}, vocabulary.optimizers),
    (
        ("fit", "optimizer", "Adam", "learning_rate"),
        "CosineDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 9},
        vocabulary.schedules,
    ),
    (("augment", 0), "CoarseDropout", {}, vocabulary.transforms),
    (("fit", "loss"), "CategoricalFocalCrossentropy", {}, vocabulary.losses),
    (("fit", "callbacks", 0), "ReduceLROnPlateau", {}, vocabulary.callbacks),
]


@pytest.mark.parametrize(("keys", "name", "needed", "signatures"), CALLS, ids=[name for _, name, *_ in CALLS])
def test_any_value_of_an_argument_is_accepted_or_is_one_line(
    keys: tuple[str | int, ...], name: str, needed: dict[str, Any], signatures: Callable[[], dict[str, Signature]]
) -> None:
    source = yaml_source.parse(PARAMS, "params.yaml")
    section: Any = source.values["models"]["tiny"]
    for step in keys[:-1]:
        section = section[step]
    for argument, value in product(signatures()[name].arguments, (None, math.inf, math.nan, [], {}, "x", -1, [3])):
        section[keys[-1]] = {name: {**needed, argument: value}}
        try:
            config.checked(source, config.Params)
        except DarkroomError as error:
            assert "\n" not in str(error)


def test_every_mistake_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(PARAMS.replace("seed: 0", "seed: -1").replace("Flatten", "Flaten"))
    with pytest.raises(DarkroomError) as refused:
        config.load_file(path)
    assert [line.split(": ")[0] for line in str(refused.value).splitlines()] == [f"{path}:1", f"{path}:10"]


def test_a_missing_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DarkroomError, match=r"^params.yaml: no such file; run the command in a checkout of Darkroom$"):
        config.load(Workspace.at())
    with pytest.raises(DarkroomError, match=r"^other.yaml: no such file$"):
        config.load(Workspace.at(params=Path("other.yaml")))
