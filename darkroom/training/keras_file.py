"""Reads and writes `.keras` files, whose bytes depend on the model alone.

Keras writes the time into the file (metadata.json, the zip entries). In config.json it marks an object that it meets twice with
its memory address (shared_object_id); since the address of a temporary object may be used again, such marks also appear by
chance. The rewritten file has neither and loads as before: layers refer to each other by name.
"""

import json
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import keras

from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.training import keras_errors

PARTS = {"config.json", "metadata.json", "model.weights.h5"}
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def save(model: keras.Model, path: Path) -> None:
    """Saves `model` (architecture and weights, not its optimizer) to `path`, in canonical bytes."""
    with tempfile.TemporaryDirectory(prefix="darkroom-") as folder:
        raw = Path(folder) / "model.keras"
        keras.Model(model.input, model.output, name=model.name).save(raw)
        artifacts.write_bytes(path, canonical(raw))


def load(path: Path) -> keras.Model:
    """The model of a `.keras` file, not compiled. Raises DarkroomError for a file that is damaged or that Keras rejects."""
    unusable = f"{path}: not a model that Keras can load"
    if damage := _damage(path):
        raise DarkroomError(f"{unusable}: {damage}")
    with keras_errors.one_line(unusable):
        return keras.saving.load_model(path, compile=False)


def _damage(path: Path) -> str | None:
    """What is wrong with the file, which Keras would report as an error of zip, HDF5 or JSON; None if it is intact."""
    if not zipfile.is_zipfile(path):
        return "not a zip archive" if path.exists() else "no such file"
    with zipfile.ZipFile(path) as archive:
        if missing := sorted(PARTS - set(archive.namelist())):
            return f"it lacks {', '.join(missing)}"
        if damaged := archive.testzip():
            return f"{damaged} is damaged"
    return None


def canonical(path: Path) -> bytes:
    """The bytes of a `.keras` file without times and memory addresses."""
    stream = BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as new:
        for name in sorted(old.namelist()):
            content = old.read(name)
            if name == "metadata.json":
                content = _json({**json.loads(content), "date_saved": ""})
            if name == "config.json":
                content = _json(_unmarked(json.loads(content)))
            new.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)
    return stream.getvalue()


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True).encode()


def _unmarked(config: Any) -> Any:
    """The same JSON without the key shared_object_id."""
    if isinstance(config, dict):
        return {key: _unmarked(value) for key, value in config.items() if key != "shared_object_id"}
    return [_unmarked(item) for item in config] if isinstance(config, list) else config
