"""The page, from made-up results of every earlier stage: what it shows of the data, of few classes and of many."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkroom.core import artifacts, paths
from darkroom.evaluation import metrics
from darkroom.reporting import figures
from pipeline import report
from tests.support.results import AFTER, LEAKY, NO_PICTURES, PICTURE, prepare, summary

ODD = 'a "b"\n<script>alert(1)</script>/' + "very-long-" * 30 + ".png"


class Tags(HTMLParser):
    """Counts elements, and refuses a page whose elements do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(monkeypatch: pytest.MonkeyPatch) -> str:
    """What the stage writes, with its white space as a reader sees it."""
    monkeypatch.setattr("sys.argv", ["report"])
    report.main()
    text = paths.PAGE.read_text()
    Tags(text)
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    return " ".join(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).split())


def section(text: str, title: str) -> str:
    """The words of one section."""
    (inside,) = re.findall(rf"<h2>{title}</h2>(.*?)(?:<h2>|</main>)", text)
    return " ".join(re.sub(r"<[^>]*>", " ", inside).split())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_of_clean_data_there_is_little_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(summary(["cat", "dog"]))
    text = page(monkeypatch)
    assert section(text, "What became of every file") == "24 pictures used. Nothing had to be converted or refused."
    nothing = "None found: no two images have the same pixels, and none are alike by 0.99 or more, mirrored or not."
    assert section(text, "Duplicates and leaks") == nothing
    assert "Recognised: folder per class: 3 folders. Most training images: dog, 5; fewest: cat, 3." in section(text, "The data")
    told = section(text, "What augmentation does")
    assert (
        told
        == "tiny Affine (translate_px: [-1, 1], p: 0.5) The first training image of cat, as sixteen epochs show it, row by row."
    )
    assert f'src="{figures.address(b"a PNG file")}"' in text
    assert "Odd files" not in text and "What preprocessing did" not in text and "Licence" not in text and "leaked" not in text


def test_leaks_are_told_with_the_accuracy_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = (
        ("a.png", "cat", "train", "b.png", "dog", "test", "near", "0.995"),
        ("b.png", "dog", "test", "a.png", "cat", "train", "near", "0.995"),
        ("c.png", "cat", "train", "d.png", "cat", "train", "exact", "1.0"),
        ("e.png", "dog", "train", ODD, "cat", "test", "exact", "1.0"),
    )
    twins = {"note": "exact: e.png and another", "before": PICTURE, "after": AFTER}
    prepare(summary(["cat", "dog"], duplicates=LEAKY), {**NO_PICTURES, "duplicates": [twins]}, pairs)
    text = page(monkeypatch)
    told = section(text, "Duplicates and leaks")
    assert (
        "3 pairs of images have the same pixels; 2 more are alike by 0.99 or more, and 1 once one of them is mirrored." in told
    )
    assert (
        "Images that have one: 4 within train, 8 between train and test. 2 of them have another label than their duplicate."
        in told
    )
    assert "4 of 8 test images have a duplicate in train or validation" in told
    row = "75.00 % 50.00 % 40.00 % to 60.00 % 2 4"
    assert f"tiny {row} tiny, int8 {row}" in told
    assert re.search(r"e\.png dog .*\.png cat a\.png cat b\.png dog The first pairs", told) and "c.png" not in told
    assert "50.00 % without leaked images" in " ".join(text.split())
    assert PICTURE in text and AFTER in text


def test_a_test_split_that_has_leaked_as_a_whole_has_no_other_accuracy(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(summary(["cat", "dog"], duplicates=LEAKY))
    found = json.loads(paths.metrics("tiny").read_text())
    found["without_leaked"] = metrics.accuracy(np.zeros(0, bool), 0.95)
    artifacts.write_json(paths.metrics("tiny"), found)
    assert "tiny 75.00 % none is left 0 tiny, int8" in section(page(monkeypatch), "Duplicates and leaks")


def test_odd_files_and_what_became_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = {
        "converted": {"16 bit": {"dog": 2}, "RGBA": {"cat": 2, "dog": 3}},
        "refused": {"truncated": {"": 1}},
        "files": {"used": 1234, "converted": 7, "refused": 1, "skipped": 2, "dropped": 0},
    }
    odd = [
        {"source": ODD, "note": "RGBA", "before": PICTURE, "after": AFTER},
        {"source": "b", "note": "truncated", "before": None, "after": None},
    ]
    prepare(summary(["cat", "dog"], **reasons), {**NO_PICTURES, "odd": odd, "prepared": odd[:1]})
    text = page(monkeypatch)
    told = section(text, "What became of every file")
    assert told.startswith(
        "1,234 pictures used, 7 of them converted; 1 refused; 2 skipped as hidden or system files. what, and why"
    )
    table = "files cat dog no class converted RGBA 5 2 3 converted 16 bit 2 2 refused truncated 1 1 Each of these"
    assert table in told
    shown = section(text, "Odd files, before and after")
    assert shown.startswith("→ a &#34;b&#34;\\n&lt;script") and shown.endswith("unreadable → refused b truncated")
    assert "<script" not in text and "very-long-" * 8 not in re.sub(r'title="[^"]*"', "", text)
    assert text.count(PICTURE) == 2


def test_two_hundred_classes_make_a_page_of_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    classes = [f"species {number}" for number in range(200)]
    few = dict.fromkeys(classes, 3)
    images = dict.fromkeys(("train", "validation", "test"), few)
    prepare(summary(classes, images=images, converted={"palette": few}))
    text = page(monkeypatch)
    assert 'class="matrix"' not in text and text.count('title="species') == 200
    told = section(text, "What is taken for what")
    assert "true class taken for images share of the class species 0 species 1 1 33.33 % species 1 species 2 1" in told
    assert "Every class has 3 training images." in text
    assert "what, and why files converted palette 600 Each" in section(text, "What became of every file")
    assert len(text) < 2_000_000


def test_a_model_without_augmentation_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(summary(["cat", "dog"]))
    bare = re.sub(r"augment: .*", "augment: []", paths.PARAMS.read_text())
    paths.PARAMS.write_text(bare)
    assert section(page(monkeypatch), "What augmentation does") == "tiny: nothing; every epoch shows every image as it is."


def test_the_same_results_make_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(summary(["cat", "dog"], duplicates=LEAKY))
    assert page(monkeypatch) == page(monkeypatch)


def test_names_that_csv_and_utf8_find_hard_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(summary(["NA", "a\rb"]))
    assert "Most training images: a\\rb, 5; fewest: NA, 3." in page(monkeypatch)
    assert [row["actual"] for row in report.mistakes("tiny", 9)] == ["NA", "a\rb"]
    assert report.page.shown("\udcff\u202e.png") == "\\udcff\\u202e.png"
    assert report.page.shown("0123456789", 6) == "012…89"
