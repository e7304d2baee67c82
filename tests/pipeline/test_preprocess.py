"""The stage refuses transforms that cannot work before it touches the prepared data."""

from pathlib import Path

import pytest

from darkroom.core.errors import DarkroomError
from pipeline import download, preprocess
from tests.conftest import ROOT


def test_a_transform_that_cannot_work_leaves_the_prepared_data(project: Path) -> None:
    text = (ROOT / "tests" / "smoke.yaml").read_text()
    Path("params.yaml").write_text(text.replace("transforms: []", "transforms: [CenterCrop: {height: 4, width: 4}]"))
    Path("data/prepared").mkdir()
    Path("data/prepared/kept").write_text("kept")
    download.main([])
    with pytest.raises(DarkroomError) as error:
        preprocess.main([])
    line = "params.yaml:8: preprocess.transforms[0].CenterCrop: the result is uint8 (4, 4, 1), not uint8 (8, 8, 1)"
    assert str(error.value) == line
    assert Path("data/prepared/kept").read_text() == "kept"
