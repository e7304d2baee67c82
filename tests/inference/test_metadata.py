"""The metadata come back as they were written, and damaged ones are refused with the key and the value."""

import json

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.inference import metadata
from tests.support.networks import METADATA


def test_metadata_come_back() -> None:
    assert metadata.from_texts(metadata.to_texts(METADATA), "m.onnx") == METADATA


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("darkroom", "9", r"m.onnx: not a model of this pipeline \(its metadata must have darkroom: 3, it has 9\)"),
        ("origin", "{", "m.onnx: damaged metadata: JSONDecodeError"),
        ("classes", '"abc"', "m.onnx: damaged metadata: TypeError classes 'abc'"),
        ("classes", "[1, 2]", r"m.onnx: damaged metadata: TypeError \[1, 2\]"),
        ("transforms", "[1]", r"m.onnx: damaged metadata: TypeError \[1\]"),
        ("unsure_below", '"0.5"', "m.onnx: damaged metadata: TypeError unsure_below '0.5'"),
        ("classes", "[", "m.onnx: damaged metadata: JSONDecodeError"),
        ("image_policy", '{"height": 2}', "m.onnx: damaged metadata: KeyError 'background'"),
        ("image_policy", '{"background": []}', "m.onnx: damaged metadata: TypeError"),
    ],
)
def test_damaged_metadata_are_refused(key: str, value: str, line: str) -> None:
    with pytest.raises(DarkroomError, match=line):
        metadata.from_texts({**metadata.to_texts(METADATA), key: value}, "m.onnx")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("height", 0), ("width", 2.0), ("channels", True), ("channels", 2), ("shape", "bend"), ("interpolation", "none")),
        *(("background", [0, 0]), ("background", [0, 0, 256]), ("background", [0, 0, 0.5]), ("max_pixels", 0)),
    ],
)
def test_a_damaged_image_policy_is_refused(field: str, value: object) -> None:
    texts = metadata.to_texts(METADATA)
    damaged = {**json.loads(texts["image_policy"]), field: value}
    with pytest.raises(DarkroomError, match="m.onnx: damaged metadata: ValueError image_policy"):
        metadata.from_texts({**texts, "image_policy": json.dumps(damaged)}, "m.onnx")
