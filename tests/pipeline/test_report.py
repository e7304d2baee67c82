"""The page, from made-up results of every earlier stage: what it shows of the data, of few classes and of many."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from darkroom import config
from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.data.images import opencv
from darkroom.evaluation import metrics
from darkroom.reporting.page import content, render
from pipeline import report
from tests.support.results import AFTER, IMAGE, LEAKED, NO_PREVIEWS, prepare, summary

ODD = 'a "b"\n<script>alert(1)</script>/' + "very-long-" * 30 + ".png"


class Tags(HTMLParser):
    """Refuses a page whose elements do not close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page() -> str:
    """What the stage writes, with its white space as a reader sees it."""
    report.main([])
    text = Workspace.at().page.read_text()
    Tags(text)
    columns_match(text)
    assert not re.search(r'(?:src|href)="(?!data:|#)', text)
    return " ".join(re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).split())


def columns_match(text: str) -> None:
    """Refuses a table with a row that has more or fewer cells than the row of headings."""
    for table in re.findall(r"<table.*?</table>", text, re.DOTALL):
        widths = []
        for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL):
            cells = re.findall(r"<t[hd]\b([^>]*)>", row)
            widths.append(sum(int((re.findall(r'colspan="(\d+)"', cell) or ["1"])[0]) for cell in cells))
        assert len(set(widths)) == 1, table


def section(text: str, title: str) -> str:
    """The words of one section."""
    (inside,) = re.findall(rf"<h2>{title}</h2>(.*?)(?:<h2>|</main>)", text)
    return " ".join(re.sub(r"<[^>]*>", " ", inside).split())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_clean_data_need_few_words() -> None:
    prepare(summary(["cat", "dog"]))
    text = page()
    assert section(text, "What happened to every file") == "24 images used. No file had to be converted or refused."
    nothing = "No duplicates: no two images have the same pixels, and none have a similarity of 0.99 or more, mirrored or not."
    assert section(text, "Duplicates and leaks") == nothing
    assert "Read from a folder per class: 3 folders. Most training images: dog, 5; fewest: cat, 3." in section(text, "The data")
    steps = "tiny Affine (translate_px: [-1, 1], p: 0.5)"
    assert section(text, "Augmentation") == f"{steps} The first training image of cat in sixteen epochs, row by row."
    assert "test accuracy of <strong>tiny</strong>, the only model<br>" in text
    assert f'src="{opencv.data_url(b"a PNG file")}"' in text
    titles = ("Unusual files", "Preprocessing, before and after", "Licence", "leaked")
    assert [title for title in titles if title in text] == []


def test_leaks_are_shown_with_the_accuracy_without_them() -> None:
    pairs = (
        ("a.png", "cat", "train", "b.png", "dog", "test", "near", "0.995"),
        ("b.png", "dog", "test", "a.png", "cat", "train", "near", "0.995"),
        ("c.png", "cat", "train", "d.png", "cat", "train", "exact", "1.0"),
        ("e.png", "dog", "train", ODD, "cat", "test", "exact", "1.0"),
    )
    examples = [{"note": kind, "kind": kind, "before": IMAGE, "after": AFTER} for kind in ("exact", "near")]
    prepare(summary(["cat", "dog"], duplicates=LEAKED), {**NO_PREVIEWS, "duplicates": examples}, pairs)
    text = page()
    words = section(text, "Duplicates and leaks")
    counts = "2 more have a similarity of 0.99 or more, and 1 after one of them is mirrored."
    assert f"3 pairs of images have the same pixels; {counts}" in words
    places = "Pairs of an image and its most similar duplicate: 1 within train, 2 between train and test."
    assert f"{places} 2 images have a different label from their duplicate." in words
    assert "4 of 8 test images have a duplicate in train or validation" in words
    row = "75.00 % 50.00 % 40.00 % to 60.00 % 2 4"
    assert f"tiny {row} tiny, int8 {row}" in words
    assert re.search(r"e\.png dog .*\.png cat a\.png cat b\.png dog The most similar pairs", words) and "c.png" not in words
    assert "50.00 % without leaked images" in " ".join(text.split())
    assert words.endswith("= exact ≈ near")


def test_a_test_split_that_has_leaked_as_a_whole_has_no_other_accuracy() -> None:
    workspace = prepare(summary(["cat", "dog"], duplicates=LEAKED))
    evaluation = json.loads(workspace.evaluation("tiny").read_text())
    evaluation["without_leaked"] = metrics.accuracy(np.zeros(0, bool), 0.95)
    artifacts.write_json(workspace.evaluation("tiny"), evaluation)
    assert "tiny 75.00 % none left 0 tiny, int8" in section(page(), "Duplicates and leaks")


def test_unusual_files_and_what_happened_to_them() -> None:
    reasons = {
        "converted": {"16 bit": {"dog": 2}, "RGBA": {"cat": 2, "dog": 3}},
        "refused": {"truncated": {"": 1}},
        "files": {"used": 1234, "converted": 7, "refused": 1, "skipped": 2, "dropped": 0},
    }
    odd = [
        {"source": ODD, "note": "RGBA", "before": IMAGE, "after": AFTER},
        {"source": "b", "note": "truncated", "before": None, "after": None},
    ]
    prepare(summary(["cat", "dog"], **reasons), {**NO_PREVIEWS, "converted": odd, "prepared": odd[:1]})
    text = page()
    words = section(text, "What happened to every file")
    sentence = "1,234 images used, 7 of them converted; 1 refused; 2 skipped as hidden or system files."
    assert words.startswith(f"{sentence} action and reason")
    table = "files cat dog no class converted RGBA 5 2 3 converted 16 bit 2 2 refused truncated 1 1 Each of these"
    assert table in words
    files = section(text, "Unusual files, before and after")
    assert files.startswith("→ a &#34;b&#34;\\n&lt;script") and files.endswith("unreadable → refused b truncated")
    assert "<script" not in text and "very-long-" * 8 not in re.sub(r'title="[^"]*"', "", text)
    assert text.count(IMAGE) == 2


def test_two_hundred_classes_make_a_page_of_lists() -> None:
    classes = [f"species {number}" for number in range(200)]
    few = dict.fromkeys(classes, 3)
    images = dict.fromkeys(("train", "validation", "test"), few)
    prepare(summary(classes, images=images, converted={"palette": few}))
    text = page()
    assert 'class="matrix"' not in text and text.count('title="species') == 200
    rows = "species 0 species 1 1 33.33 % species 1 species 2 1"
    assert f"true class predicted images share of the class {rows}" in section(text, "Confusion")
    assert "Every class has 3 training images." in text
    assert "action and reason files converted palette 600 Each" in section(text, "What happened to every file")
    assert len(text) < 2_000_000


def test_a_model_without_augmentation_says_so() -> None:
    params = prepare(summary(["cat", "dog"])).params
    params.write_text(re.sub(r"augment: .*", "augment: []", params.read_text()))
    assert section(page(), "Augmentation") == "tiny: none; the images are the same in every epoch."


def test_the_same_results_make_the_same_bytes() -> None:
    prepare(summary(["cat", "dog"], duplicates=LEAKED))
    assert page() == page()


def test_names_that_csv_and_utf8_find_hard_arrive() -> None:
    prepare(summary(["NA", "a\rb"]))
    assert "Most training images: a\\rb, 5; fewest: NA, 3." in page()


def test_the_accuracy_of_each_model_is_on_the_scoreboard_and_a_renamed_one_is_deleted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    workspace = prepare(summary(["cat", "dog"]))
    artifacts.write_json(workspace.evaluation("old"), {"accuracy": 1})
    artifacts.write_bytes(workspace.augmented("old"), b"a PNG file")
    page()
    assert json.loads(workspace.accuracy.read_text()) == {"tiny": 0.75}
    assert not workspace.evaluation("old").exists() and not workspace.augmented("old").exists()
    files = "reports/augmented/old.png, reports/evaluation/old.json"
    line = f"deleted, of models that params.yaml no longer names: {files}"
    assert capsys.readouterr().out == f"{line}\nreports/index.html: open it in a browser\n"


def test_a_broken_params_yaml_deletes_nothing() -> None:
    workspace = prepare(summary(["cat", "dog"]))
    artifacts.write_json(workspace.evaluation("old"), {"accuracy": 1})
    workspace.params.write_text("models: {}\n")
    with pytest.raises(DarkroomError):
        report.main([])
    assert workspace.evaluation("old").exists()


def test_the_best_of_several_models_is_on_the_first_tile() -> None:
    workspace = prepare(summary(["cat", "dog"]))
    values = content(workspace, config.load(workspace), {"tiny": json.loads(workspace.evaluation("tiny").read_text())})
    evaluations = {
        name: {**values["evaluations"]["tiny"], "accuracy": share} for name, share in (("tiny", 0.75), ("other", 0.7))
    }
    quantized: dict[str, Any] = {name: {} for name in evaluations}
    text = render({**values, "evaluations": evaluations, "quantized": quantized})
    assert "test accuracy of <strong>tiny</strong>, the best of 2 models<br>" in text


def test_one_image_with_another_label_is_in_the_singular() -> None:
    prepare(summary(["cat", "dog"], duplicates={**LEAKED, "conflicts": 1}))
    assert " 1 image has a different label from its duplicate." in section(page(), "Duplicates and leaks")


def test_the_results_of_the_checkout_survive_other_parameters_in_a_folder_that_is_named_in_full() -> None:
    workspace = prepare(summary(["cat", "dog"]))
    artifacts.write_json(workspace.evaluation("old"), {"accuracy": 1})
    workspace.params.rename("trial.yaml")
    report.main(["--workspace", str(Path.cwd()), "--params", "trial.yaml"])
    assert workspace.evaluation("old").exists()
