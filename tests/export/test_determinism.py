"""Ordered sets, and tf2onnx restored after the conversion."""

import pytest
import tf2onnx

from darkroom.export import determinism
from darkroom.export.determinism import OrderedSet

pytestmark = pytest.mark.tensorflow


def test_an_ordered_set_keeps_insertion_order() -> None:
    items = OrderedSet("cab")
    items.add("z")
    items.add("a")
    items.discard("b")
    items.remove("c")
    items |= OrderedSet("yz")
    assert list(items) == ["a", "z", "y"]
    assert (list(items.union(OrderedSet("ba"))), list(items - OrderedSet("a"))) == (["a", "z", "y", "b"], ["z", "y"])
    assert items.issubset({"a", "y", "z"}) and not items.issubset({"a"})


def test_tf2onnx_is_changed_only_while_it_converts() -> None:
    before = tf2onnx.utils.INTERNAL_NAME
    with determinism.ordered():
        assert (tf2onnx.graph.set, tf2onnx.utils.make_name("x")) == (OrderedSet, "x__1")
    assert not hasattr(tf2onnx.graph, "set") and before == tf2onnx.utils.INTERNAL_NAME
