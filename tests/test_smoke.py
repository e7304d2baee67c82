"""The whole pipeline on the 1,797 real digits that scikit-learn ships: `make smoke`."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from darkroom.export import provenance
from tests.conftest import ROOT
from tests.support import image_folder as own_images

pytestmark = [pytest.mark.smoke, pytest.mark.tensorflow]


def dvc(*words: str) -> str:
    ended = subprocess.run(["dvc", *words], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def edit(right: str, wrong: str) -> None:
    text = Path("params.yaml").read_text()
    assert right in text
    Path("params.yaml").write_text(text.replace(right, wrong))


def stale() -> set[str]:
    return set(json.loads(dvc("status", "--json")))


def test_the_whole_way(project: Path) -> None:
    shutil.copy(ROOT / "tests" / "smoke.yaml", "params.yaml")
    (project / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc" / "config", ".dvc/config")
    dvc("config", "core.no_scm", "true")
    assert dvc("repro").count("Running stage") == 8
    the_results_are_there()
    the_page_says_which_models_average()
    assert stale() == set()
    an_edit_reruns_what_depends_on_it()
    a_flipped_bit_is_caught()


def the_results_are_there() -> None:
    metrics = json.loads(Path("reports/metrics/tiny.json").read_text())
    assert metrics["accuracy"] > 0.6
    assert metrics["images"] == 360
    assert json.loads(Path("reports/verify/tiny.json").read_text())["flips"] == 0
    assert {"calibration_error", "calibration_error_before", "answered"} <= metrics.keys()
    assert metrics["int8"]["kept"] == Path("models/tiny/compact/model.int8.onnx").exists()
    origins_are_what_dvc_locked()
    page = Path("reports/index.html").read_text()
    assert "Optical recognition of handwritten digits" in page
    assert 'src="http' not in page
    assert json.loads(dvc("metrics", "show", "--json"))[""]["data"]["reports/metrics/tiny.json"]["data"]["images"] == 360


def origins_are_what_dvc_locked() -> None:
    words = [sys.executable, "-m", "darkroom.commands.inspect_model", "models/tiny/model.onnx", "--against", "."]
    assert "is the file that export@tiny" in subprocess.run(words, capture_output=True, text=True, check=True).stdout
    known = json.loads(subprocess.run([*words[:-2], "--json"], capture_output=True, text=True, check=True).stdout)["origin"]
    locked = provenance.locked("tiny", Path())
    assert {kind: known[kind] for kind in ("deps", "params")} == {kind: locked[kind] for kind in ("deps", "params")}


def the_page_says_which_models_average() -> None:
    note = "tiny: the answer is the mean over the image and its mirror image"
    edit("flip_averaging: false", "flip_averaging: true")
    assert note in page()
    edit("flip_averaging: true", "flip_averaging: false")
    assert note not in page()


def page() -> str:
    """The page, made again without DVC."""
    subprocess.run([sys.executable, "-m", "pipeline.report"], check=True, capture_output=True)
    return Path("reports/index.html").read_text()


def an_edit_reruns_what_depends_on_it() -> None:
    edit("confidence: 0.95", "confidence: 0.9")
    assert stale() == {"evaluate@tiny", "report"}
    edit("confidence: 0.9", "confidence: 0.95")
    edit("epochs: 3\n", "epochs: 4\n")
    assert stale() == {"train@tiny", "export@tiny", "report"}  # and what follows from export, once it has run
    edit("epochs: 4\n", "epochs: 3\n")
    start, end = Path("params.yaml").read_text().split("export:")
    Path("params.yaml").write_text(start + start.split("models:\n")[1].replace("tiny", "second") + "export:" + end)
    stages = [line.split()[0] for line in dvc("stage", "list", "--all").splitlines() if "@second" in line]
    assert stages == ["train@second", "export@second", "verify@second", "quantize@second", "evaluate@second"]
    assert {"train@second", "export@second", "report"} <= stale()
    assert not any("@tiny" in stage for stage in stale())


def a_flipped_bit_is_caught() -> None:
    damage = bytearray(Path("models/tiny/model.onnx").read_bytes())
    damage[len(damage) // 2] ^= 1
    Path("models/tiny/model.onnx").write_bytes(damage)
    ended = subprocess.run([sys.executable, "-m", "pipeline.verify", "tiny"], capture_output=True, text=True)
    assert ended.returncode == 1
    assert (
        ended.stderr
        == "models/tiny/model.onnx: not the file that export wrote (its SHA-256 differs); run `dvc repro export@tiny`\n"
    )


def test_the_whole_way_from_ones_own_images(project: Path) -> None:
    """A folder with every odd kind of file: every stage runs, a changed byte is noticed, nothing else runs again."""
    files = own_images.write_folder(project / "photos")
    before = own_images.digest(project / "photos")
    text = (ROOT / "tests" / "smoke.yaml").read_text().replace("data/catalog/digits.yaml", "photos")
    text = text.replace("{height: 8, width: 8, channels: 1, shape: stretch", "{height: 24, width: 24, channels: 3, shape: pad")
    Path("params.yaml").write_text(text.replace("refused: 0.05", "refused: 0.5").replace("epochs: 3\n", "epochs: 1\n"))
    Path(".dvcignore").write_text("__pycache__\n*.pyc\n/photos/plain/broken.png\n")
    (project / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc" / "config", ".dvc/config")
    dvc("config", "core.no_scm", "true")
    dvc("repro")
    assert own_images.digest(project / "photos") == before
    summary = json.loads(Path("reports/data/summary.json").read_text())
    assert summary["files"]["used"] == sum(file.pixels is not None for file in files.values())
    page = Path("reports/index.html").read_text()
    assert "EXIF orientation" in page and "a damaged or truncated PNG file" in page
    assert stale() == set()
    index = pd.read_csv("data/prepared/index.csv")
    taught = index.loc[index["split"] == "train", "source"]
    bare = next(project / "photos" / name for name in taught if "plain BMP" in name or "plain PPM" in name)
    content = bytearray(bare.read_bytes())
    content[len(content) // 2] ^= 0x80
    bare.write_bytes(content)
    assert stale() >= {"download", "preprocess"}
    assert {"Running stage 'download'", "Running stage 'preprocess'"} <= set(
        re.findall("Running stage '\\w+'", dvc("repro", "preprocess"))
    )
    assert stale() >= {"train@tiny"}
