"""Every layer that params.yaml can name exports and agrees; every other name of keras.layers is refused with its reason."""

import numpy as np
import pytest

from pipeline.params import exportable, vocabulary
from pipeline.training import runtime
from tests.layers import measure, samples

pytestmark = pytest.mark.tensorflow

USABLE = [name for name in vocabulary.layers() if not exportable.reason(name)]


@pytest.fixture(scope="module", autouse=True)
def tensorflow() -> None:
    runtime.start(0)


@pytest.mark.parametrize("name", USABLE)
def test_a_layer_exports_and_agrees(name: str) -> None:
    for arguments in samples(name):
        found = measure(name, arguments)
        assert found.agrees, (arguments, found)


def test_every_layer_of_keras_is_on_one_of_the_lists() -> None:
    import keras

    names = {name for name in dir(keras.layers) if name[0].isupper()}
    assert sorted(name for name in names if name not in USABLE and not exportable.reason(name)) == []
    assert sorted(set(USABLE) - names) == []
    assert len(USABLE) == 47


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Resizing", {"height": 7, "width": 9, "interpolation": "area"}),
        ("Resizing", {"height": 7, "width": 9, "interpolation": "lanczos3"}),
        ("UpSampling2D", {"size": 2, "interpolation": "bicubic"}),
    ],
)
def test_the_values_that_are_refused_would_go_wrong(name: str, arguments: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exportable, "VALUES", {})
    try:
        assert not measure(name, arguments).difference < 1e-3
    except Exception as refused:
        assert type(refused).__name__ == "Refusal"


def test_a_comparison_notices_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.deploy import folding, graph

    plain = graph.Graph.constant
    monkeypatch.setattr(folding, "RULES", (folding.shift_behind,))
    monkeypatch.setattr(graph.Graph, "constant", lambda self, name: plain(self, name) + np.float32(0.01))
    arguments = {"filters": 6, "kernel_size": 3, "groups": 2}
    assert measure("Conv2D", arguments).difference > 1e-4
