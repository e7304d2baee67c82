"""How the page formats numbers and names."""

from darkroom.reporting import page


def test_numbers_are_short() -> None:
    assert [page.count(number) for number in (12, 74514, 1234567)] == ["12", "74.5\u00a0k", "1.23\u00a0M"]
    assert page.whole(1234567) == "1,234,567"
    assert page.percent(0.93125) == "93.12\u00a0%"
    assert [page.heat(share) for share in (0.0, 0.01, 1.0)] == [0, 8, 80]


def test_names_are_printable_and_not_too_long() -> None:
    assert page.printable("\udcff\u202e.png") == "\\udcff\\u202e.png"
    assert page.printable("0123456789", 6) == "012…89"
