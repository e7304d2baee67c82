"""Leaked test images are those that the index flags."""

import re
from pathlib import Path

import pandas as pd
import pytest

from darkroom.core import csv_files
from darkroom.core.errors import DarkroomError
from darkroom.evaluation import leaks


def test_leaked_images_are_those_that_the_index_flags(tmp_path: Path) -> None:
    index = tmp_path / "index.csv"
    flags = ["leaked", "", "leaked", "grey leaked", "unleaked", "cmyk"]
    sources = ["a", "b\nc", "d\re", 'f"g', "h,i", "NA"]
    csv_files.write(index, pd.DataFrame({"split": ["train", *["test"] * 5], "source": sources, "flags": flags}))
    assert leaks.leaked(index, 5).tolist() == [False, True, True, False, False]
    message = f"^{re.escape(str(index))}: 5 test images, but 6 prepared; run `dvc repro preprocess`$"
    with pytest.raises(DarkroomError, match=message):
        leaks.leaked(index, 6)
