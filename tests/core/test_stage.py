"""How a stage starts: its options, its workspace, and the check of its fingerprint."""

from pathlib import Path

import pytest

from darkroom.core import fingerprint, stage
from darkroom.core.errors import DarkroomError
from tests.conftest import WORKSPACE

DOC = "Stage.\n\nRun     dvc repro train@MODEL, or python -m pipeline.train MODEL"


def test_by_default_a_stage_works_in_the_checkout(project: Path) -> None:
    workspace, arguments = stage.start("train", stage.parser(DOC, model=True), ["cnn"])
    assert (workspace, arguments.model) == (WORKSPACE, "cnn")


def test_another_folder_and_other_parameters(project: Path) -> None:
    words = ["--workspace", "/work", "--params", "other.yaml"]
    workspace, arguments = stage.start("download", stage.parser(DOC), words)
    assert (workspace.root, workspace.folder, workspace.params) == (Path(), Path("/work"), Path("other.yaml"))
    assert not hasattr(arguments, "model")


def test_help_names_the_program_and_says_what_the_docstring_says(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^0$"):
        stage.parser(DOC, model=True).parse_args(["--help"])
    text = capsys.readouterr().out
    assert text.startswith("usage: python -m pipeline.train [-h]") and DOC in text


@pytest.mark.parametrize("words", [[], ["a", "b"], ["a", "--nonsense"]])
def test_unknown_arguments_are_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="^2$"):
        stage.parser(DOC, model=True).parse_args(words)


def test_a_stage_whose_fingerprint_is_outdated_does_not_start(project: Path) -> None:
    path = WORKSPACE.code("train")
    path.parent.mkdir(parents=True)
    path.write_text(fingerprint.to_csv(fingerprint.rows("train", project)))
    stage.start("train", stage.parser(DOC), [])
    edited = Path("darkroom/training/network.py")
    edited.write_text(edited.read_text().replace("1 / 255", "1 / 256"))
    line = (
        r"^reports/code/train.csv: the code has changed since \(darkroom.training.network\); run `dvc repro fingerprint` first$"
    )
    with pytest.raises(DarkroomError, match=line):
        stage.start("train", stage.parser(DOC), [])
