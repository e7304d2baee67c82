"""The annotations in a library's source are parsed as types, and never evaluated."""

from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from darkroom.config import arguments, vocabulary
from darkroom.config.signatures import Argument

ACCEPTED = [  # an annotation, values that it accepts, values that it rejects
    ("bool", [True], [1, "true", None]),
    ("float", [0.5, 1], [True, "1", None, [0.5]]),
    ("int | None", [1, None], [1.0, False]),
    ("tuple[int, int]", [[1, 2]], [[1], [1, 2, 3], [1, 0.5], 1]),
    ("tuple[float, ...] | float", [[0.1], [], [1, 2, 3], 0.5], [["a"], "a"]),
    ("Literal['fast', None]", ["fast", None], ["slow", 1]),
    ("Literal['fast']", ["fast"], [None]),
    ("dict[str, int | tuple[int, int]] | None", [{"x": 1, "y": [1, 2]}, None], [{"x": 0.5}, {1: 1}, []]),
    ("list[str | int] | None", [["a", 1], None], [[None], "a"]),
    ("tuple[int | None, int | None]", [[None, 1]], [[None]]),
]
LEFT_TO_THE_LIBRARY = [
    "np.ndarray | Callable[..., Any] | None",
    "dict[str, Any]",
    "Sequence[int]",
    "Literal[cv2.INTER_AREA]",
    "__import__('os').abort()",
    "[abort() for abort in (1,)]",
]


def takes(annotation: str, value: Any) -> bool:
    try:
        arguments.check(Argument(annotation, None, ""), ("Transform", "argument"), value)
    except PydanticCustomError:
        return False
    return True


@pytest.mark.parametrize(("annotation", "right", "wrong"), ACCEPTED)
def test_an_annotation_rules_out_other_types(annotation: str, right: list[Any], wrong: list[Any]) -> None:
    assert [takes(annotation, value) for value in right + wrong] == [True] * len(right) + [False] * len(wrong)


@pytest.mark.parametrize("annotation", LEFT_TO_THE_LIBRARY)
def test_any_value_passes_for_types_that_are_not_built_in(annotation: str) -> None:
    assert all(takes(annotation, value) for value in (None, "a", [0.5], {"a": 1}))


def test_most_annotations_of_albumentations_are_understood() -> None:
    arguments = [argument for transform in vocabulary.transforms().values() for argument in transform.arguments.values()]
    annotations = [argument.annotation for argument in arguments if argument.annotation]
    assert len(annotations) > 400
    assert {annotation for annotation in annotations if takes(annotation, object()) and "cv2." not in annotation} == {
        "Sequence[str]",
        "int | Sequence[int] | None",
        "np.ndarray | Callable[..., Any] | None",
        "dict[str, Any] | None",
    }
