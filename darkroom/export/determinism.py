"""Makes tf2onnx 1.17 convert the same network to the same graph, in every process and on every call.

It keeps the users of a tensor, and the nodes that its optimizers visit, in sets of names. Their order depends on the hash seed
of the process and on the numbers in the names, which come from a counter that is never reset. In a network with several
LayerNormalization layers, that order decides which of two equal constants is kept, and which transposes are removed.
"""

import contextlib
from collections.abc import Hashable, Iterable, Iterator, MutableSet, Set
from typing import TypeVar
from unittest import mock

import tf2onnx
from tf2onnx.optimizer import back_to_back_optimizer, transpose_optimizer

Item = TypeVar("Item", bound=Hashable)

MODULES = (tf2onnx.graph, back_to_back_optimizer, transpose_optimizer)


class OrderedSet(MutableSet[Item]):
    """A set that iterates in insertion order."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.items = dict.fromkeys(items)

    def __contains__(self, item: object) -> bool:
        return item in self.items

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def add(self, value: Item) -> None:
        """Appends an item that is new."""
        self.items[value] = None

    def discard(self, value: Item) -> None:
        """Removes an item, if present."""
        self.items.pop(value, None)

    def issubset(self, other: Set[Item]) -> bool:
        """Whether all items are in `other`."""
        return self <= other

    def union(self, other: Set[Item]) -> Set[Item]:
        """The items of both, this set's first."""
        return self | other


@contextlib.contextmanager
def ordered() -> Iterator[None]:
    """In this context, tf2onnx numbers names from one and its sets iterate in insertion order."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(tf2onnx.utils, "INTERNAL_NAME", 0))
        for module in MODULES:
            stack.enter_context(mock.patch.object(module, "set", OrderedSet, create=True))
        yield
