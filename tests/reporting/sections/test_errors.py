"""The most confident mistakes, with names that CSV finds hard."""

from pathlib import Path

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
