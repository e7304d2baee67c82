"""The progress bar."""

import pytest

from darkroom.data import progress


def test_nothing_is_printed_without_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(progress.OPTIONS, "delay", 0)
    with progress.bar("images", "images", 3) as bar:
        bar.update(3)
    assert capsys.readouterr() == ("", "")
