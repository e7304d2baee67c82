"""What the ledger says, and its sums."""

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data import account, ledger
from darkroom.data.ledger import Row

ROWS = [
    Row("b.png", "dog", "converted", "16 bit; EXIF orientation 6"),
    Row("a.png", "cat", "converted", "EXIF orientation 3"),
    Row("c.png", "cat", "refused", "HEIC: no decoder here; convert it to JPEG or PNG"),
    Row("d.gif", "cat", "refused", "more pixels than image.max_pixels allows (1,000)"),
]


def test_rows_are_in_order_of_their_source() -> None:
    assert ledger.table(ROWS)["source"].tolist() == ["a.png", "b.png", "c.png", "d.gif"]
    assert ledger.table([]).columns.tolist() == ["source", "class", "action", "reason"]


def test_sums_put_like_with_like() -> None:
    assert ledger.totals(ROWS, "converted") == {"16 bit": {"dog": 1}, "EXIF orientation N": {"cat": 1, "dog": 1}}
    assert ledger.totals(ROWS, "refused") == {
        "HEIC: no decoder here; convert it to JPEG or PNG": {"cat": 1},
        "more pixels than image.max_pixels allows (N)": {"cat": 1},
    }


def test_more_than_the_allowed_share_is_refused() -> None:
    account.refuse_too_many(ROWS, 40, 0.05, "here")
    with pytest.raises(
        DarkroomError, match=r"^here: 2 of 39 files cannot be used, 5.1 %, where 5 % are allowed: HEIC: .* \(1\), more"
    ):
        account.refuse_too_many(ROWS, 39, 0.05, "here")
