"""The whole pipeline on the 1,797 real digits that scikit-learn ships: `make smoke`."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from darkroom.core import yaml_source
from darkroom.core.dvc_files import locked
from darkroom.export.provenance import STAGES
from tests.conftest import ROOT
from tests.support import image_folder

pytestmark = [pytest.mark.smoke, pytest.mark.tensorflow]


def dvc(*words: str) -> str:
    ended = subprocess.run(["dvc", *words], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def edit(right: str, wrong: str) -> None:
    text = Path("params.yaml").read_text()
    assert right in text
    Path("params.yaml").write_text(text.replace(right, wrong))


OF_A_MODEL = ("train", "export", "verify", "quantize", "publish", "evaluate")
ORDER = ("fingerprint", "download", "preprocess", *OF_A_MODEL, "report")


def ran(output: str) -> list[str]:
    """The stages that DVC ran, in order; those that came from its cache are not among them."""
    return re.findall(r"^Running stage '(.+)':$", output, re.MULTILINE)


def stale() -> set[str]:
    return set(json.loads(dvc("status", "--json")))


def test_the_whole_way(project: Path) -> None:
    shutil.copy(ROOT / "tests" / "smoke.yaml", "params.yaml")
    (project / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc" / "config", ".dvc/config")
    dvc("config", "core.no_scm", "true")
    assert ran(dvc("repro")) == [f"{name}@tiny" if name in OF_A_MODEL else name for name in ORDER]
    the_results_are_there()
    the_page_says_which_models_average()
    assert stale() == set()
    an_edit_of_a_comment_reruns_the_fingerprint_alone()
    there_and_back_trains_once()
    an_edit_reruns_what_depends_on_it()
    a_renamed_model_leaves_nothing()
    a_flipped_bit_is_caught()


def the_results_are_there() -> None:
    metrics = json.loads(Path("reports/metrics/tiny.json").read_text())
    assert metrics.keys() == {"accuracy", "ece", "errors", "log_loss", "macro_f1"} and metrics["accuracy"] > 0.6
    assert json.loads(Path("reports/accuracy.json").read_text()) == {"tiny": metrics["accuracy"]}
    evaluation = json.loads(Path("reports/evaluation/tiny.json").read_text())
    assert evaluation["images"] == 360
    assert json.loads(Path("reports/verify/tiny.json").read_text())["flips"] == 0
    assert {"calibration_error", "calibration_error_before", "answered"} <= evaluation.keys()
    assert evaluation["int8"]["kept"] == Path("models/tiny/quantized/model.int8.onnx").exists()
    the_provenance_is_what_dvc_locked()
    page = Path("reports/index.html").read_text()
    assert "Optical recognition of handwritten digits" in page
    assert 'src="http' not in page
    shown = json.loads(dvc("metrics", "show", "--json"))[""]["data"]
    assert shown["reports/metrics/tiny.json"]["data"] == metrics and shown.keys() == {
        "reports/metrics/tiny.json",
        "reports/accuracy.json",
    }
    assert max(map(len, dvc("metrics", "show").splitlines())) <= 100


def the_provenance_is_what_dvc_locked() -> None:
    words = [sys.executable, "-m", "darkroom", "inspect", "models/tiny/model.onnx", "--against", "."]
    assert "is the file that export@tiny" in subprocess.run(words, capture_output=True, text=True, check=True).stdout
    origin = json.loads(subprocess.run([*words[:-2], "--json"], capture_output=True, text=True, check=True).stdout)["origin"]
    lock = locked(STAGES, "tiny", yaml_source.read(Path("dvc.lock")).values)
    assert origin == {"deps": lock.deps, "params": lock.params}
    assert [path for path in origin["deps"] if path.endswith(".csv")] == ["reports/code/export.csv", "reports/code/train.csv"]


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


def an_edit_of_a_comment_reruns_the_fingerprint_alone() -> None:
    path = Path("darkroom/training/optimizers.py")
    path.write_text(path.read_text().replace('"""From params.yaml', '"""Also from params.yaml') + "# a remark\n")
    assert ran(dvc("repro")) == ["fingerprint"]
    assert stale() == set()


def there_and_back_trains_once() -> None:
    before = Path("models/tiny/model.onnx").read_bytes()
    edit("epochs: 3\n", "epochs: 2\n")
    assert ran(dvc("repro")) == [
        "train@tiny",
        "export@tiny",
        "verify@tiny",
        "quantize@tiny",
        "publish@tiny",
        "evaluate@tiny",
        "report",
    ]
    assert Path("models/tiny/model.onnx").read_bytes() != before
    edit("epochs: 2\n", "epochs: 3\n")
    assert ran(dvc("repro")) == ["publish@tiny", "evaluate@tiny"]
    assert Path("models/tiny/model.onnx").read_bytes() == before
    assert stale() == set()


def a_renamed_model_leaves_nothing() -> None:
    """What is hashed and drawn is what params.yaml names."""
    edit("  tiny:\n", "  renamed:\n")
    assert "reports/history/tiny.csv" in dvc("repro")  # removed, and said so
    assert [path.as_posix() for path in Path("reports").rglob("tiny.*")] == [] and stale() == set()
    assert list(json.loads(Path("reports/accuracy.json").read_text())) == ["renamed"]


def an_edit_reruns_what_depends_on_it() -> None:
    edit("confidence: 0.95", "confidence: 0.9")
    assert stale() == {"evaluate@tiny", "report"}
    edit("confidence: 0.9", "confidence: 0.95")
    edit("epochs: 3\n", "epochs: 4\n")
    assert stale() == {"train@tiny", "export@tiny", "report"}  # and what follows from export, once it has run
    edit("epochs: 4\n", "epochs: 3\n")
    before = Path("params.yaml").read_text()
    start, end = before.split("export:")
    Path("params.yaml").write_text(start + start.split("models:\n")[1].replace("tiny", "second") + "export:" + end)
    stages = [line.split()[0] for line in dvc("stage", "list", "--all").splitlines() if "@second" in line]
    assert stages == [f"{name}@second" for name in OF_A_MODEL]
    assert {"train@second", "export@second", "report"} <= stale()
    assert not any("@tiny" in stage for stage in stale())
    Path("params.yaml").write_text(before)


def a_flipped_bit_is_caught() -> None:
    for path, stage in (("models/renamed/candidate/model.onnx", "verify"), ("models/renamed/model.onnx", "evaluate")):
        damage = bytearray(Path(path).read_bytes())
        damage[len(damage) // 2] ^= 1
        Path(path).unlink()  # it may be a link into DVC's cache
        Path(path).write_bytes(damage)
        ended = subprocess.run([sys.executable, "-m", f"pipeline.{stage}", "renamed"], capture_output=True, text=True)
        assert ended.returncode == 1
        assert ended.stderr.startswith(f"{path}: not the file that ")


def test_the_whole_way_from_ones_own_images(project: Path) -> None:
    """A folder with every odd kind of file: every stage runs, a changed byte is noticed, nothing else runs again."""
    files = image_folder.write_folder(project / "photos")
    before = image_folder.digest(project / "photos")
    text = (ROOT / "tests" / "smoke.yaml").read_text().replace("data/catalog/digits.yaml", "photos")
    text = text.replace("{height: 8, width: 8, channels: 1, shape: stretch", "{height: 24, width: 24, channels: 3, shape: pad")
    Path("params.yaml").write_text(text.replace("refused: 0.05", "refused: 0.5").replace("epochs: 3\n", "epochs: 1\n"))
    Path(".dvcignore").write_text("__pycache__\n*.pyc\n/photos/plain/broken.png\n")
    (project / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc" / "config", ".dvc/config")
    dvc("config", "core.no_scm", "true")
    dvc("repro")
    assert image_folder.digest(project / "photos") == before
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
