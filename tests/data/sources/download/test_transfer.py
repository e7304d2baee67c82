"""Downloads: what is retried, what fails at once, and the line for each failure."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data.sources.download import transfer
from tests.support.server import PACKED, Server, served

BROKE = "the connection broke before the file was complete"


@pytest.fixture
def address() -> Iterator[str]:
    Server.requests.clear()
    with served(Server) as address:
        yield address


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "WAIT_S", 0)
    monkeypatch.setattr(transfer, "TIMEOUT_S", 60)
    monkeypatch.setattr(transfer, "GRACE_S", 0.5)


def test_a_file_is_kept_as_it_is_delivered(address: str, tmp_path: Path) -> None:
    assert transfer.download(f"{address}/good", tmp_path / "a") == tmp_path / "a"
    assert (tmp_path / "a").read_bytes() == PACKED


@pytest.mark.parametrize(
    ("path", "seconds", "reason"),
    [
        ("/none", 60, "HTTP 404"),
        ("/slow", 2, "no answer within 2 s"),
        ("/silent", 2, "sent nothing for 2 s"),
        ("/trickle", 60, "slower than 20 kB/s"),
        ("/endless", 60, "slower than 20 kB/s"),
    ],
)
def test_a_permanent_failure_is_tried_once(
    address: str, path: str, seconds: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "TIMEOUT_S", seconds)
    with pytest.raises(DarkroomError, match=f"^{address}{path}: {reason}$"):
        transfer.download(f"{address}{path}", tmp_path / "a")
    assert Server.requests[path] == 1


def test_a_connection_that_breaks_twice_is_tried_again(
    address: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert transfer.download(f"{address}/shaky", tmp_path / "a").read_bytes() == PACKED
    line = f"{address}/shaky: {BROKE}; trying again"
    assert capsys.readouterr().err.splitlines() == [f"{line} (2 of 3)", f"{line} (3 of 3)"]


@pytest.mark.parametrize("path", ["/broken", "/reset"])
def test_a_connection_that_always_breaks_fails_after_three_attempts(
    address: str, path: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(DarkroomError, match=f"^{address}{path}: {BROKE}$"):
        transfer.download(f"{address}{path}", tmp_path / "a")
    assert (len(capsys.readouterr().err.splitlines()), Server.requests[path]) == (2, 3)


def test_a_refused_connection_is_tried_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(DarkroomError, match="^http://127.0.0.1:9/a: cannot be reached$"):
        transfer.download("http://127.0.0.1:9/a", tmp_path / "a")
    assert capsys.readouterr().err.count("cannot be reached; trying again (") == 2


def test_the_waits_grow(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    waits: list[float] = []
    monkeypatch.setattr(transfer, "WAIT_S", 1.0)
    monkeypatch.setattr("time.sleep", waits.append)
    transfer.download(f"{address}/shaky", tmp_path / "a")
    assert waits == [1, 2]
