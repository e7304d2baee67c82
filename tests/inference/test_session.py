"""Sessions of onnxruntime: what is no model is refused in one line."""

import numpy as np
import onnx
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


def test_a_file_is_loaded_and_run_with_its_metadata() -> None:
    model = linear(np.eye(4, 3), ImagePolicy(2, 2, 1, "pad", "area", (0, 0, 0), 10**8))
    onnx.helper.set_model_props(model, {"key": "ü"})
    content, images = model.SerializeToString(), np.zeros((3, 2, 2, 1), np.uint8)
    probabilities, texts = session.load_and_run(content, "m", [images[:1], images[1:]])
    assert np.array_equal(probabilities, session.run(session.load(content, "m"), images)) and texts == {"key": "ü"}
