"""A `.keras` file holds no timestamp, and loads as before."""

import io
import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.saving import serialization_lib

from darkroom.core.errors import DarkroomError
from darkroom.training import keras_file, network, runtime
from tests.conftest import model_of
from tests.support.setups import LAYERS, POLICY

pytestmark = pytest.mark.tensorflow
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), np.uint8)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    runtime.start(0)
    return network.build(model_of(layers=LAYERS), POLICY, 3)


def test_two_files_of_a_model_are_the_same_bytes_without_a_timestamp(model: keras.Model, tmp_path: Path) -> None:
    for name in ("a", "b"):
        keras_file.save(model, tmp_path / f"{name}.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.keras") as content:
        assert json.loads(content.read("metadata.json"))["date_saved"] == ""
        assert {entry.date_time for entry in content.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_addresses_that_keras_takes_for_the_same_object_leave_no_trace(
    model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the memory of a temporary object were used again for the next one of its class."""
    keras_file.save(model, tmp_path / "a.keras")
    monkeypatch.setattr(serialization_lib, "id", lambda obj: hash(type(obj)), raising=False)
    model.save(tmp_path / "raw.keras")
    with zipfile.ZipFile(tmp_path / "raw.keras") as raw:
        assert b"shared_object_id" in raw.read("config.json")
    keras_file.save(model, tmp_path / "b.keras")
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


@pytest.mark.parametrize("flip", [False, True])
def test_a_file_answers_as_its_model_did(model: keras.Model, flip: bool, tmp_path: Path) -> None:
    saved = network.flip_averaged(model) if flip else model
    keras_file.save(saved, tmp_path / "m.keras")
    assert np.array_equal(keras.saving.load_model(tmp_path / "m.keras")(IMAGES), saved(IMAGES))
    assert np.array_equal(keras_file.load(tmp_path / "m.keras")(IMAGES), saved(IMAGES))


EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
LACKS = "it lacks config.json, metadata.json, model.weights.h5"


@pytest.mark.parametrize(("content", "why"), [(b"", "not a zip archive"), (b"no", "not a zip archive"), (EMPTY_ZIP, LACKS)])
def test_a_file_that_is_not_a_model_is_one_line(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "m.keras").write_bytes(content)
    with pytest.raises(DarkroomError, match=rf"^{tmp_path}/m.keras: not a model that Keras can load: {why}$"):
        keras_file.load(tmp_path / "m.keras")


def test_a_damaged_model_or_an_unknown_layer_is_one_line(model: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    keras_file.save(model, path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"class_name": "Conv2D"', b'"class_name": "Conv9D"'))
    with pytest.raises(DarkroomError, match=r"m.keras: not a model that Keras can load: config.json is damaged$"):
        keras_file.load(path)
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"Conv2D", b"Conv9D"))
    with pytest.raises(DarkroomError, match=r"m.keras: not a model that Keras can load: [^\n]*Conv9D[^\n]*$"):
        keras_file.load(path)
