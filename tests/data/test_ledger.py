"""The ledger as CSV, its totals, and the share of files that may be refused."""

from pathlib import Path

import pandas as pd
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data import ledger
from darkroom.data.ledger import Row
from tests.support.settings import settings

ROWS = [
    Row("b.png", "dog", "converted", "16 bit; EXIF orientation 6"),
    Row("a.png", "cat", "converted", "EXIF orientation 3"),
    Row("c.png", "cat", "refused", "HEIC: no decoder here; convert it to JPEG or PNG"),
    Row("d.gif", "cat", "refused", "more pixels than image.max_pixels allows (1,000)"),
]


def test_rows_are_written_in_order_of_their_source(tmp_path: Path) -> None:
    ledger.write(tmp_path / "ledger.csv", ROWS)
    assert (tmp_path / "ledger.csv").read_text() == (
        "source,class,action,reason\n"
        "a.png,cat,converted,EXIF orientation 3\n"
        "b.png,dog,converted,16 bit; EXIF orientation 6\n"
        "c.png,cat,refused,HEIC: no decoder here; convert it to JPEG or PNG\n"
        'd.gif,cat,refused,"more pixels than image.max_pixels allows (1,000)"\n'
    )
    ledger.write(tmp_path / "ledger.csv", [])
    assert (tmp_path / "ledger.csv").read_text() == "source,class,action,reason\n"


NAMES = ("a,b", 'q"q', "new\nline", "return\rhere", " space ", "\u00fc\u4e2d", "it's", "")


def test_names_of_every_kind_are_quoted_as_pandas_does(tmp_path: Path) -> None:
    rows = sorted((source, name, "refused", "x") for source in NAMES for name in NAMES)
    ledger.write(tmp_path / "ledger.csv", [Row(source, name, "refused", "x") for source, name, *_ in reversed(rows)])
    table = pd.DataFrame(rows, columns=list(ledger.COLUMNS), dtype=str)
    assert (tmp_path / "ledger.csv").read_bytes().decode() == table.to_csv(index=False, lineterminator="\n")


def test_totals_put_equal_reasons_together() -> None:
    assert ledger.totals(ROWS, "converted") == {"16 bit": {"dog": 1}, "EXIF orientation N": {"cat": 1, "dog": 1}}
    assert ledger.totals(ROWS, "refused") == {
        "HEIC: no decoder here; convert it to JPEG or PNG": {"cat": 1},
        "more pixels than image.max_pixels allows (N)": {"cat": 1},
    }


def test_more_than_the_allowed_share_is_refused() -> None:
    chosen = settings(refused=0.05).preprocess
    ledger.check_refused(ROWS, 40, chosen)
    with pytest.raises(
        DarkroomError,
        match=r"^params.yaml:4: preprocess.refused: 2 of 39 files cannot be used \(5.1 %, the limit is 5 %\): HEIC: .* \(1\), more",
    ):
        ledger.check_refused(ROWS, 39, chosen)
