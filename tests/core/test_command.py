"""How every command ends: its exit code, and one line for what a user can mend."""

import argparse
from collections.abc import Callable

import pytest

from darkroom.core import command
from darkroom.core.errors import DarkroomError


def raising(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    ("main", "code", "line"),
    [
        (lambda: None, 0, ""),
        (raising(DarkroomError("params.yaml:7: seed: -1")), 1, "params.yaml:7: seed: -1\n"),
        (raising(FileNotFoundError(2, "No such file or directory", "a.png")), 1, "a.png: No such file or directory\n"),
        (raising(OSError(28, "No space left on device")), 1, "write: No space left on device\n"),
        (raising(KeyboardInterrupt()), 130, "interrupted; `dvc repro` resumes after the last finished stage\n"),
        (raising(KeyboardInterrupt("the best state is kept")), 130, "interrupted; the best state is kept\n"),
    ],
)
def test_an_end_has_an_exit_code_and_a_line(
    main: Callable[[], None], code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        command.run(main)
    assert (end.value.code, capsys.readouterr().err) == (code, line)


@pytest.mark.parametrize("error", [ValueError("ours"), MemoryError("ours")])
def test_an_error_of_ours_keeps_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error), match="^ours$"):
        command.run(raising(error))


def test_a_command_may_say_what_an_interrupt_left(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^130$"):
        command.run(raising(KeyboardInterrupt()), "nothing was changed")
    assert capsys.readouterr().err == "interrupted; nothing was changed\n"


def test_what_counts_something_is_at_least_one() -> None:
    assert command.positive("3") == 3
    options = argparse.ArgumentParser()
    options.add_argument("--top", type=command.positive)
    for text in ("0", "-1", "x"):
        with pytest.raises(SystemExit, match="^2$"):
            options.parse_args(["--top", text])
