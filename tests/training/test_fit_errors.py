"""Errors within `fit`: one line for what Keras rejects, the traceback for an error of ours."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.launch.distributed import watchdog
from darkroom.launch.distributed.shard import Shard
from darkroom.training import fit, input_pipeline, keras_errors, runtime
from darkroom.training.callbacks import weight_trace
from darkroom.training.setup import Setup
from tests.conftest import HANGS_S, PLACE, ROOT, model_of
from tests.support.setups import LAYERS, fitted, prepared, write_splits

pytestmark = pytest.mark.tensorflow
SOURCES = {  # with the error that is raised there
    "a callback": RuntimeError,
    "a batch": TypeError,
    "the augmentation": ValueError,
    "validation": KeyError,
    "the optimizer": ValueError,
}


@pytest.fixture(autouse=True)
def splits(project: Path) -> None:
    runtime.start(0)
    write_splits()


def broken(source: str, error: Exception, patch: pytest.MonkeyPatch) -> Setup:
    """A training in which code of ours raises `error`."""

    def fail(*_: Any) -> None:
        raise error

    ready = prepared(batch_size=40, optimizer="Muon" if source == "the optimizer" else "SGD")
    match source:
        case "a callback":
            patch.setattr(weight_trace, "digests", SimpleNamespace(sha256=fail))
        case "a batch":
            patch.setattr(ready.batches, "_part", fail)
        case "the augmentation":
            patch.setattr(ready.batches, "augmentation", fail)
        case "validation":
            patch.setattr(input_pipeline, "one_hot", fail)
        case "the optimizer":
            patch.setattr(ready.model.optimizer, "lr_adjust", fail)
    return ready


@pytest.mark.parametrize(("source", "kind"), SOURCES.items())
def test_an_error_of_ours_keeps_its_traceback(source: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    ready = broken(source, kind("ours"), monkeypatch)
    with pytest.raises(kind, match=r"^'?ours'?$") as raised:
        fitted(ready)
    assert raised.type is kind and raised.traceback[-1].name == "fail"
    assert raised.traceback[-2].path.is_relative_to(ROOT / "darkroom")


def test_a_refusal_while_a_batch_is_made_is_raised_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = DarkroomError("params.yaml:7: models.m.augment[0].Resize: the result is uint8 (4, 4, 1)")
    ready = broken("the augmentation", refusal, monkeypatch)
    with pytest.raises(DarkroomError) as raised:
        fitted(ready)
    assert raised.value is refusal


def test_a_library_in_a_folder_whose_name_begins_like_the_package_s_is_not_ours() -> None:
    """As in a virtual environment named `darkroom-env` beside the package."""
    code = compile("raise ValueError('theirs')", f"{keras_errors.PACKAGE}-env/lib/keras/layer.py", "exec")
    with pytest.raises(DarkroomError, match="^params.yaml:7: models.m: theirs$"), keras_errors.one_line(PLACE):
        exec(code)  # noqa: S102


def test_the_same_on_jax(project: Path) -> None:
    code = """
from darkroom.launch import backend
backend.configure("jax")
import keras, pytest
from tests.support.setups import fitted
from tests.training.test_fit_errors import SOURCES, broken
for source in SOURCES:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(ValueError, match="^ours") as raised:
        fitted(broken(source, ValueError("ours"), patch))
    assert raised.type is ValueError and raised.traceback[-1].name == "fail", source
print(keras.backend.backend(), "agrees")
"""
    variables = {**os.environ, "PYTHONPATH": f"{project}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, timeout=HANGS_S)
    assert done.stdout.endswith("jax agrees\n"), done.stderr


def test_what_the_library_rejects_within_fit_is_one_line() -> None:
    ready = prepared()
    ready.batches.class_weights = np.ones(11, np.float32)  # of eleven classes, but the network has ten
    with pytest.raises(DarkroomError, match=r"^params.yaml:7: models.m.fit: [^\n]*must have the same shape[^\n]*$"):
        fitted(ready)


def test_too_little_memory_names_the_batch_size() -> None:
    cleared = TypeError("'NoneType' object is not callable")
    cleared.__context__ = RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 8589934592 bytes.")
    line = "params.yaml:7: models.m.fit.batch_size: 512: the device has too little memory for such a batch; try 256"
    for error in (cleared, cleared.__context__):
        assert fit.explain(error, setup_of(Shard())) == line


def test_too_little_memory_within_fit_is_one_line() -> None:
    import tensorflow as tf

    def exhausted(*_: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[4096,64,224,224]")

    ready = prepared()
    ready.model.train_function = exhausted
    with pytest.raises(DarkroomError, match=r"^params.yaml:7: models.m.fit.batch_size: 8: the device has too little memory"):
        fitted(ready)


def test_a_lost_process_is_reported_if_there_are_several() -> None:
    error = ValueError("UNKNOWN: Gloo AllGather failed: Connection reset by peer")
    assert fit.explain(error, setup_of(Shard(0, 2, 2))) == watchdog.LOST
    assert fit.explain(error, setup_of(Shard())) is None


def setup_of(shard: Shard) -> Setup:
    return Setup(None, SimpleNamespace(shard=shard), model_of({"batch_size": 512}, layers=LAYERS).fit)
