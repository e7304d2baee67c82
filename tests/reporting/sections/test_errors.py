"""The most confident mistakes and the most frequent errors, with class names that are hard to write as CSV."""

from pathlib import Path

import numpy as np
import pytest

from darkroom.reporting.sections import errors
from tests.support.results import prepare, summary


def test_mistakes_keep_the_names_of_their_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    workspace = prepare(summary(["NA", "a\rb"]))
    mistakes = errors.mistakes(workspace, "tiny", 9)
    assert [row["actual"] for row in mistakes] == ["NA", "a\rb"]
    assert [row["id"] for row in mistakes] == ["test/000000", "test/000005"]
    assert errors.confusions(workspace, "tiny", ["NA", "a\rb"]) == {"counts": [[2, 1], [1, 4]]}


def test_the_most_frequent_errors_come_first() -> None:
    counts = np.array([[90, 2, 0], [5, 80, 2], [0, 0, 70]])
    assert errors.most_confused(counts, 9) == [(1, 0), (0, 1), (1, 2)]
    assert errors.most_confused(counts, 1) == [(1, 0)]
