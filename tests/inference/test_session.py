"""Sessions of onnxruntime: anything but a model is refused with one line."""

import os
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.core.image_policy import ImagePolicy
from darkroom.inference import session
from tests.support.networks import linear


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07"])
def test_what_is_not_onnx_is_refused(content: bytes) -> None:
    with pytest.raises(DarkroomError, match=r"m.onnx: not an ONNX model that onnxruntime can run"):
        session.load(content, "m.onnx")


def test_batches_are_answered_in_order() -> None:
    model = linear(np.eye(4, 3), ImagePolicy(2, 2, 1, "pad", "area", (0, 0, 0), 10**8))
    runner = session.load(model.SerializeToString(), "m")
    images = np.random.default_rng(0).integers(0, 256, (9, 2, 2, 1), np.uint8)
    assert np.allclose(session.run_batches(runner, [images[:4], images[4:]]), session.run(runner, images), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("end", "line"), [("input", "x and its output probabilities"), ("output", "image and its output x")])
def test_a_model_with_another_input_or_output_is_refused(end: str, line: str) -> None:
    model = linear(np.eye(4, 3), ImagePolicy(2, 2, 1, "pad", "area", (0, 0, 0), 10**8))
    content = model.SerializeToString()
    old, ends = ("image", model.graph.input) if end == "input" else ("probabilities", model.graph.output)
    ends[0].name = "x"
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = ["x" if name == old else name for name in names]
    line = f"m.onnx: not a model of this pipeline: its input is {line}, not image and probabilities"
    with pytest.raises(DarkroomError, match=f"^{line}$"):
        session.load(model.SerializeToString(), "m.onnx")
    session.load(content, "m.onnx")


def test_a_folder_or_a_missing_file_names_the_file_that_is_meant(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "cnn"
    folder.mkdir(parents=True)
    with pytest.raises(DarkroomError, match=f"^{folder}: a folder; name the file, as {folder}/model.onnx$"):
        session.load_file(folder)
    (folder / "net.onnx").touch()
    with pytest.raises(DarkroomError, match=f"^{folder}: a folder; name the file, as {folder}/net.onnx$"):
        session.load_file(folder)
    for name in ("cnn/model.onnx", "cn/net.onnx", "cnn/net.onx"):
        path = tmp_path / "models" / name
        with pytest.raises(DarkroomError, match=rf"^{path}: no such file; did you mean {folder}/net.onnx\?$"):
            session.load_file(path)
    with pytest.raises(DarkroomError, match=r"^/none.onnx: no such file$"):
        session.load_file(Path("/none.onnx"))


def test_an_error_of_ours_keeps_its_traceback() -> None:
    runner = session.load(linear(np.eye(4, 3), ImagePolicy(2, 2, 1, "pad", "area", (0, 0, 0), 10**8)).SerializeToString(), "m")
    with pytest.raises((TypeError, RuntimeError)):
        session.run(runner, object())  # type: ignore[arg-type]
    with pytest.raises(DarkroomError, match=r"^onnxruntime cannot run the model: .*Got invalid dimensions"):
        session.run(runner, np.zeros((1, 9, 9, 1), np.uint8))


@pytest.mark.parametrize(
    ("shape", "value", "line"),
    [
        *(
            ((shape), 1 / 3, rf"the model returned float32 {re.escape(str(shape))}; it should be float32 \(4, 3\)")
            for shape in [(2, 3), (5, 3), (4,), (4, 2), (4, 12), (4, 0), (4, 3, 1)]
        ),
        *(((4, 3), value, "the model returned values that are not probabilities") for value in (np.nan, np.inf, -1, 0, 0.5)),
    ],
)
def test_answers_that_are_no_probabilities_are_refused(shape: tuple[int, ...], value: float, line: str) -> None:
    answers, outputs = np.full(shape, value, np.float32), [SimpleNamespace(shape=["N", 3])]
    runner = SimpleNamespace(run=lambda *_: [answers], get_outputs=lambda: outputs)
    with pytest.raises(DarkroomError, match=f"^{line}$"):
        session.run(runner, np.zeros((4, 2, 2, 1), np.uint8))


def test_a_device_or_a_pipe_is_not_read_as_a_model(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.onnx")
    for path in (Path("/dev/zero"), tmp_path / "m.onnx"):
        with pytest.raises(DarkroomError, match=rf"^{path}: not a regular file \(a device, a pipe or a socket\)$"):
            session.load_file(path)
