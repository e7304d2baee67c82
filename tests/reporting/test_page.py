"""How the page formats numbers and names, and draws images."""

import re
from pathlib import Path

import pytest

from darkroom import config
from darkroom.core import artifacts
from darkroom.reporting import page
from tests.support.results import AFTER, IMAGE, NO_PREVIEWS, prepare, summary


def test_numbers_are_short() -> None:
    assert [page.count(number) for number in (12, 74514, 1234567)] == ["12", "74.5\u00a0k", "1.23\u00a0M"]
    assert page.whole(1234567) == "1,234,567"
    assert page.percent(0.93125) == "93.12\u00a0%"
    assert [page.heat(share) for share in (0.0, 0.01, 1.0)] == [0, 8, 80]


def test_names_are_printable_and_not_too_long() -> None:
    assert page.elided("\udcff\u202e.png") == "\\udcff\\u202e.png"
    assert page.elided("0123456789", 6) == "012…89"


def test_the_images_before_and_after_are_drawn_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Smoothed beside pixelated, an unchanged image would look changed."""
    monkeypatch.chdir(tmp_path)
    pair = {"source": "a.png", "note": "8 x 8", "kind": "exact", "before": IMAGE, "after": AFTER}
    workspace = prepare(summary(["cat", "dog"]), {key: [pair] for key in NO_PREVIEWS})
    evaluations = {"tiny": artifacts.read_json(workspace.evaluation("tiny"))}
    text = page.render(page.content(workspace, config.load(workspace), evaluations))
    tags = re.findall(f'<img[^>]*src="(?:{re.escape(IMAGE)}|{re.escape(AFTER)})"[^>]*>', text)
    assert len(tags) == 4
    assert {re.sub('src="[^"]*"', "", tag) for tag in tags} == {'<img  alt="">'}
