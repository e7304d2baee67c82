"""The whole pipeline on the 1,797 real digits that scikit-learn ships, by DVC: `make smoke`."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from dvc.repo import Repo

from darkroom.commands import inspect_model
from darkroom.core import yaml_source
from darkroom.core.dvc_files import locked
from darkroom.core.errors import DarkroomError
from darkroom.export.provenance import STAGES
from pipeline import evaluate, export, publish, quantize, report, train, verify
from tests.conftest import HANGS_S, ROOT
from tests.support import image_folder

pytestmark = [
    pytest.mark.smoke,
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:_NoneStep:DeprecationWarning"),  # DVC uses pygtrie so
]
MAINS = {"train": train, "export": export, "verify": verify, "quantize": quantize, "publish": publish, "evaluate": evaluate}
OF_A_MODEL = tuple(MAINS)
ORDER = ("fingerprint", "download", "preprocess", *OF_A_MODEL, "report")


def dvc(*words: str) -> str:
    ended = subprocess.run(["dvc", *words], capture_output=True, text=True, timeout=HANGS_S)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def edit(right: str, wrong: str) -> None:
    text = Path("params.yaml").read_text()
    assert right in text
    Path("params.yaml").write_text(text.replace(right, wrong))


def ran(output: str) -> list[str]:
    """The stages that DVC ran, in order; those that came from its cache are not among them."""
    return re.findall(r"^Running stage '(.+)':$", output, re.MULTILINE)


def stale() -> set[str]:
    with Repo() as repo:
        return set(repo.status())


def run_here(model: str) -> None:
    """Runs the stages of a model without another process, and tells DVC."""
    for stage in MAINS.values():
        stage.main([model])
    dvc("commit", "--force", *(f"{stage}@{model}" for stage in MAINS))


def use_dvc() -> None:
    """As this checkout does, but without Git."""
    Path(".dvc").mkdir()
    shutil.copy(ROOT / ".dvc" / "config", ".dvc/config")
    dvc("config", "core.no_scm", "true")


def test_the_whole_way(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "tests" / "smoke.yaml", "params.yaml")
    use_dvc()
    assert ran(dvc("repro")) == [f"{name}@tiny" if name in OF_A_MODEL else name for name in ORDER]
    assert stale() == set()
    the_results_are_there()
    the_provenance_is_what_dvc_locked(capsys)
    the_page_says_which_models_average()
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
    page = Path("reports/index.html").read_text()
    assert "Optical recognition of handwritten digits" in page
    assert 'src="http' not in page
    heading, *rows = dvc("metrics", "show").splitlines()
    assert set(heading.split()) == {"Path", "tiny", *metrics} and max(map(len, rows)) <= 100
    assert {row.split()[0] for row in rows} == {"reports/accuracy.json", "reports/metrics/tiny.json"}


def the_provenance_is_what_dvc_locked(capsys: pytest.CaptureFixture[str]) -> None:
    inspect_model.main(["models/tiny/model.onnx", "--against", "."])
    assert "is the file that export@tiny" in capsys.readouterr().out
    inspect_model.main(["models/tiny/model.onnx", "--json"])
    origin = json.loads(capsys.readouterr().out)["origin"]
    lock = locked(STAGES, "tiny", yaml_source.read(Path("dvc.lock")).values)
    assert origin == {"deps": lock.deps, "params": lock.params}
    assert [path for path in origin["deps"] if path.endswith(".csv")] == ["reports/code/export.csv", "reports/code/train.csv"]


def the_page_says_which_models_average() -> None:
    note = "tiny: the probabilities are the mean over the image and its mirror image"
    edit("flip_averaging: false", "flip_averaging: true")
    assert note in page()
    edit("flip_averaging: true", "flip_averaging: false")
    assert note not in page()


def page() -> str:
    """The page, made again without DVC."""
    report.main([])
    return Path("reports/index.html").read_text()


def an_edit_of_a_comment_reruns_the_fingerprint_alone() -> None:
    path = Path("darkroom/training/optimizers.py")
    path.write_text(path.read_text().replace('"""From params.yaml', '"""Also from params.yaml') + "# a remark\n")
    assert ran(dvc("repro")) == ["fingerprint"]
    assert stale() == set()


def there_and_back_trains_once() -> None:
    before = Path("models/tiny/model.onnx").read_bytes()
    edit("epochs: 3\n", "epochs: 2\n")
    assert stale() == {"train@tiny", "export@tiny", "report"}  # and what follows from export, once it has run
    run_here("tiny")
    assert Path("models/tiny/model.onnx").read_bytes() != before
    edit("epochs: 2\n", "epochs: 3\n")
    assert ran(dvc("repro")) == ["publish@tiny", "evaluate@tiny"]
    assert Path("models/tiny/model.onnx").read_bytes() == before
    assert stale() == set()


def a_renamed_model_leaves_nothing() -> None:
    """What is hashed and drawn is what params.yaml names."""
    edit("  tiny:\n", "  renamed:\n")
    run_here("renamed")
    output = dvc("repro")
    assert ran(output) == ["report"] and "reports/history/tiny.csv" in output  # removed, and said so
    assert [path.as_posix() for path in Path("reports").rglob("tiny.*")] == [] and stale() == set()
    assert list(json.loads(Path("reports/accuracy.json").read_text())) == ["renamed"]


def an_edit_reruns_what_depends_on_it() -> None:
    edit("confidence: 0.95", "confidence: 0.9")
    assert stale() == {"evaluate@tiny", "report"}
    edit("confidence: 0.9", "confidence: 0.95")
    before = Path("params.yaml").read_text()
    start, end = before.split("export:")
    Path("params.yaml").write_text(start + start.split("models:\n")[1].replace("tiny", "second") + "export:" + end)
    with Repo() as repo:
        stages = [stage.addressing for stage in repo.index.stages if stage.addressing.endswith("@second")]
    assert sorted(stages) == sorted(f"{name}@second" for name in OF_A_MODEL)
    assert {"train@second", "export@second", "report"} <= stale()
    assert not any("@tiny" in stage for stage in stale())
    Path("params.yaml").write_text(before)


def a_flipped_bit_is_caught() -> None:
    for path, stage in (("models/renamed/candidate/model.onnx", verify), ("models/renamed/model.onnx", evaluate)):
        damage = bytearray(Path(path).read_bytes())
        damage[len(damage) // 2] ^= 1
        Path(path).unlink()  # it may be a link into DVC's cache
        Path(path).write_bytes(damage)
        with pytest.raises(DarkroomError, match=f"^{path}: not the file that "):
            stage.main(["renamed"])


def test_the_whole_way_from_ones_own_images(project: Path) -> None:
    """A folder with every odd kind of file: every stage runs, a changed byte is noticed, nothing else runs again."""
    files = image_folder.write_folder(project / "photos")
    before = image_folder.digest(project / "photos")
    text = (ROOT / "tests" / "smoke.yaml").read_text().replace("data/catalog/digits.yaml", "photos")
    text = text.replace("{height: 8, width: 8, channels: 1, shape: stretch", "{height: 24, width: 24, channels: 3, shape: pad")
    Path("params.yaml").write_text(text.replace("refused: 0.05", "refused: 0.5").replace("epochs: 3\n", "epochs: 1\n"))
    Path(".dvcignore").write_text("__pycache__\n*.pyc\n/photos/plain/broken.png\n")
    use_dvc()
    dvc("repro", "preprocess")
    run_here("tiny")
    report.main([])
    dvc("commit", "--force", "report")
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
    assert ran(dvc("repro", "preprocess")) == ["download", "preprocess"]
    assert stale() >= {"train@tiny"}
