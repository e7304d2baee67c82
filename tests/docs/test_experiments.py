"""The experiments of docs/tuning.md, command by command, with a folder of images that Git ignores."""

import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import pytest
from sklearn.datasets import load_digits

from tests.conftest import HANGS_S, ROOT
from tests.docs.test_commands import ELSEWHERE, EXPERIMENTS, commands

pytestmark = pytest.mark.processes


def shell(command: str) -> str:
    """What a command prints; not through a pipe, which the worker of a queue would keep open until it has nothing left to do."""
    with tempfile.TemporaryFile("w+") as output:
        ended = subprocess.run(["bash", "-euc", command], stdout=output, stderr=subprocess.STDOUT, timeout=HANGS_S)
        output.seek(0)
        printed = output.read()
    assert ended.returncode == 0, printed
    return printed


@pytest.fixture
def repository(project: Path) -> None:
    """The project in Git and DVC, with the stages that find the images, and 200 digits in photos/, which Git ignores."""
    digits = load_digits()
    for number, (image, label) in enumerate(zip(digits.images[:200], digits.target[:200], strict=True)):
        (project / "photos" / str(label)).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(f"photos/{label}/{number}.png", (15 * image).astype("uint8"))
    text = (ROOT / "tests/smoke.yaml").read_text().replace("data/catalog/digits.yaml", "photos").replace("tiny:", "cnn:")
    Path("params.yaml").write_text(text)
    Path("dvc.yaml").write_text(Path("dvc.yaml").read_text().partition("\n  preprocess:\n")[0])
    Path(".gitignore").write_text(f"{(ROOT / '.gitignore').read_text()}/photos\n")
    (project / ".dvc").mkdir()
    Path(".dvc/config").write_text((ROOT / ".dvc/config").read_text())
    shell(
        "git init --quiet && git config user.name test && git config user.email test && git add --all && git commit --quiet -m all"
    )


@pytest.mark.slow
def test_experiments_find_the_images(repository: None) -> None:
    for command in [command for command in commands() if ELSEWHERE.get(command) == EXPERIMENTS]:
        printed = shell(command)
        if command == "dvc queue start":
            wait_for_the_queue()
        if command == "dvc queue status":
            assert "Success" in printed and "Failed" not in printed
    assert len(list(Path("photos").rglob("*.png"))) == 200


def wait_for_the_queue() -> None:
    """Its status may fail for a moment, while the worker starts."""
    started, status = time.monotonic(), ""
    while "Success" not in status and "Failed" not in status and time.monotonic() < started + HANGS_S:
        time.sleep(1)
        status = subprocess.run(["dvc", "queue", "status"], capture_output=True, text=True, timeout=HANGS_S).stdout


def test_without_that_they_do_not_find_them(repository: None) -> None:
    ended = subprocess.run(["dvc", "exp", "run", "--temp"], capture_output=True, text=True, timeout=HANGS_S)
    assert (
        ended.returncode != 0
        and "failed to reproduce 'download'" in ended.stderr
        and "No such file or directory" in ended.stderr
    )
