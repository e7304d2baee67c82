"""Metadata survives a round trip; damaged metadata is refused, with the key and the value."""

import json

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.inference import metadata
from tests.support.networks import METADATA


def test_metadata_survives_a_round_trip() -> None:
    assert metadata.from_texts(metadata.to_texts(METADATA), "m.onnx") == METADATA


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("darkroom", "9", r"not a model of this pipeline \(its metadata must have darkroom: 3, it has 9\)"),
        ("origin", "{", r"origin: not JSON \(Expecting property name enclosed in double quotes: line 1 column 2 \(char 1\)\)"),
        ("origin", '{"deps": {}}', 'origin: {"deps": {}}'),
        ("origin", '{"deps": {"a": 1}, "params": {}}', 'origin: {"deps": {"a": 1}, "params": {}}'),
        ("versions", "[" * 10**5, "versions: not JSON .maximum recursion depth exceeded"),
        ("classes", '"abc"', 'classes: "abc"'),
        ("classes", "[1, 2]", r"classes: \[1, 2\]"),
        ("classes", "[]", r"classes: \[\]"),
        ("transforms", "[1]", r"transforms: \[1\]"),
        ("transforms", '[{"CLAHE": 3}]', r'transforms: \[{"CLAHE": 3}\]'),
        ("unsure_below", '"0.5"', 'unsure_below: "0.5"'),
        ("unsure_below", "1.5", "unsure_below: 1.5"),
        ("error_rate", "-0.1", "error_rate: -0.1"),
        ("error_rate", "true", "error_rate: true"),
        ("temperature", "NaN", r"temperature: not JSON \(NaN is not a JSON number\)"),
        ("temperature", "1e999", r"temperature: not JSON \(1e999 is too large\)"),
        ("temperature", "1" + "0" * 400, "temperature: 10000"),
        ("origin", '{"deps": {}, "params": {"a": 1e999}}', r"origin: not JSON \(1e999 is too large\)"),
        ("origin", '{"deps": {}, "params": {"a": ' + "[" * 600 + "]" * 600 + "}}", r'origin: {"deps": {}, "params": {"a": \['),
        ("temperature", "0", "temperature: 0"),
        ("parameters", "-1", "parameters: -1"),
        ("opset", "true", "opset: true"),
        ("versions", '{"keras": 3}', 'versions: {"keras": 3}'),
        ("image_policy", '{"height": 2}', 'image_policy: {"height": 2}'),
        ("image_policy", "{}" + " " * 99, "image_policy: {} {78}$"),
    ],
)
def test_damaged_metadata_is_refused(key: str, value: str, line: str) -> None:
    with pytest.raises(DarkroomError, match=f"^m.onnx: {line if key == 'darkroom' else f'damaged metadata: {line}'}"):
        metadata.from_texts({**metadata.to_texts(METADATA), key: value}, "m.onnx")


def test_incomplete_metadata_is_refused() -> None:
    texts = metadata.to_texts(METADATA)
    del texts["licence"]
    with pytest.raises(DarkroomError, match="^m.onnx: damaged metadata: no licence$"):
        metadata.from_texts(texts, "m.onnx")


def test_an_error_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> bool:
        raise TypeError("a bug")

    monkeypatch.setitem(metadata.VALID, "image_policy", broken)
    with pytest.raises(TypeError, match="^a bug$"):
        metadata.from_texts(metadata.to_texts(METADATA), "m.onnx")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(
            ("height", 0),
            ("height", 10**9),
            ("width", 2.0),
            ("channels", True),
            ("channels", 2),
            ("shape", "bend"),
            ("interpolation", "none"),
        ),
        *(("height", "2"), ("interpolation", []), ("background", 0), ("more", 1)),
        *(("background", [0, 0]), ("background", [0, 0, 256]), ("background", [0, 0, 0.5]), ("max_pixels", 0)),
    ],
)
def test_a_damaged_image_policy_is_refused(field: str, value: object) -> None:
    texts = metadata.to_texts(METADATA)
    damaged = {**json.loads(texts["image_policy"]), field: value}
    with pytest.raises(DarkroomError, match="^m.onnx: damaged metadata: image_policy: {"):
        metadata.from_texts({**texts, "image_policy": json.dumps(damaged)}, "m.onnx")
