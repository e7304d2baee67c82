"""`darkroom check` has a line for each mistake in params.yaml, and for a data set that does not exist."""

from pathlib import Path

import pytest

from darkroom.commands import check
from darkroom.core.errors import DarkroomError
from tests.support.params import PARAMS


@pytest.fixture
def checked(project: Path) -> Path:
    """A params.yaml of a checkout, under another name."""
    path = project / "other.yaml"
    path.write_text(PARAMS)
    return path


def refused(path: Path) -> list[str]:
    with pytest.raises(DarkroomError) as error:
        check.main(["--params", path.name])
    return str(error.value).splitlines()


def test_a_valid_file_has_its_data_set_and_its_models(checked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check.main(["--params", "other.yaml"])
    assert capsys.readouterr().out == "other.yaml is valid: Optical recognition of handwritten digits; models tiny\n"


def test_the_name_of_a_catalog_entry_alone_is_completed(checked: Path) -> None:
    checked.write_text(PARAMS.replace("data/catalog/digits.yaml", "cifar10"))
    assert refused(checked) == [
        "other.yaml:2: dataset: cifar10: no such file or folder; did you mean data/catalog/cifar10.yaml?"
    ]


def test_mistakes_and_a_missing_data_set_are_reported_together(checked: Path) -> None:
    checked.write_text(
        PARAMS.replace("data/catalog/digits.yaml", "photos").replace("seed: 0", "seed: -1").replace("test: 0.2", "test: 2")
    )
    assert refused(checked) == [
        "other.yaml:1: seed: -1: input should be greater than or equal to 0",
        "other.yaml:4: preprocess.test: 2: input should be less than 1",
        "other.yaml:2: dataset: photos: no such file or folder",
    ]


@pytest.mark.parametrize("dataset", ["3", "''", "[a]"])
def test_a_data_set_that_is_no_name_is_one_mistake(dataset: str, checked: Path) -> None:
    checked.write_text(PARAMS.replace("data/catalog/digits.yaml", dataset))
    assert [line.split(": ")[:2] for line in refused(checked)] == [["other.yaml:2", "dataset"]]


def test_another_file_that_does_not_exist_is_only_that(project: Path) -> None:
    assert refused(Path("none.yaml")) == ["none.yaml: no such file"]
