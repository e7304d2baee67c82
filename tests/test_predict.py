"""The finished models of the repository, used as a stranger would."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import Refusal
from pipeline.predict import Classifier
from tests.conftest import ROOT

MODEL = ROOT / "models" / "cnn" / "model.onnx"
BOOT = ROOT / "tests" / "boot.png"  # test image 0 of Fashion-MNIST, an ankle boot


def test_a_file_its_bytes_and_its_pixels_get_one_answer() -> None:
    classifier = Classifier(MODEL)
    pixels = cv2.imread(str(BOOT), cv2.IMREAD_GRAYSCALE)
    answers = classifier.predict([str(BOOT), BOOT, BOOT.read_bytes(), np.asarray(pixels, np.uint8)])
    assert [answer.label for answer in answers] == ["Ankle boot"] * 4
    assert len(set(answers)) == 1
    assert sum(answers[0].probabilities) == pytest.approx(1, abs=1e-5)
    assert classifier.predict([]) == []


@pytest.mark.parametrize("one", [str(BOOT), BOOT, BOOT.read_bytes(), np.zeros((28, 28, 3), np.uint8)])
def test_one_picture_without_a_list_is_refused(one) -> None:
    with pytest.raises(Refusal, match=r"predict takes a list of pictures: give \[picture\] for one"):
        Classifier(MODEL).predict(one)


def test_the_command_answers_and_goes_on_after_a_bad_file(tmp_path: Path, run) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    ended = run("pipeline.predict", str(MODEL), str(bad), "gone.png", str(tmp_path), str(BOOT))
    name, label, probability = ended.stdout.rstrip("\n").split("\t")
    assert (name, label) == (str(BOOT), "Ankle boot")
    assert 0.5 < float(probability) <= 1
    assert ended.stderr.splitlines() == [
        f"{bad}: not an image that OpenCV can decode",
        "gone.png: no such file or directory",
        f"{tmp_path}: is a directory",
        "3 of 4 images could not be read",
    ]
    assert ended.returncode == 1


@pytest.mark.parametrize(("content", "line"), [(b"no model", "not an ONNX model"), (None, "no such file")])
def test_a_bad_model_is_one_line(tmp_path: Path, content: bytes | None, line: str, run) -> None:
    path = tmp_path / "m.onnx"
    if content:
        path.write_bytes(content)
    ended = run("pipeline.predict", str(path), str(BOOT))
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith(f"{path}: {line}")


def test_predict_needs_no_more_than_it_says(tmp_path: Path, run) -> None:
    program = f"""
import sys
for name in ("tensorflow", "keras", "pandas", "pydantic", "onnx", "ruamel", "albumentations", "sklearn", "dvc"):
    sys.modules[name] = None
from pipeline.predict import Classifier
print(Classifier({str(MODEL)!r}).predict([{str(BOOT)!r}])[0].label)
"""
    (tmp_path / "alone.py").write_text(program)
    assert run("alone", PYTHONPATH=f"{tmp_path}:{ROOT}").stdout == "Ankle boot\n"


def test_a_model_with_another_passport_is_refused(tmp_path: Path) -> None:
    import onnx

    model = onnx.load(MODEL)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(Refusal, match=r"m.onnx: not a model of this pipeline"):
        Classifier(tmp_path / "m.onnx")
