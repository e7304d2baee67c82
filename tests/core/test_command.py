"""How every command ends: its exit code, and one line for an error that the user can fix."""

import argparse
import gc
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from darkroom.core import command
from darkroom.core.errors import DarkroomError, prefixed, printable
from tests.conftest import ROOT


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
def test_every_end_has_an_exit_code_and_a_line(
    main: Callable[[], None], code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        command.run(main)
    assert (end.value.code, capsys.readouterr().err) == (code, line)


def test_the_end_leaves_the_memory_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would visit each object of TensorFlow, for seconds; but onnx says on stderr that what stays is leaked."""
    monkeypatch.delitem(sys.modules, "onnx", raising=False)
    before, kept = gc.get_freeze_count(), [[] for _ in range(1000)]
    with pytest.raises(SystemExit):
        command.run(lambda: None)
    assert gc.get_freeze_count() >= before + len(kept)


@pytest.mark.processes
def test_onnx_reports_no_leak() -> None:
    program = "from darkroom.launch import backend\nwith backend.quiet_import():\n    import onnx, onnx.checker\n"
    program += "from darkroom.core import command; command.run(lambda: onnx.checker.check_model(onnx.load('model.onnx')))"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT / "models/ann", capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\rb", "a\nb", "a\x85b", "a\u202eb", "a\x00b", "a\udcffb", "a\u2028b"])
def test_text_from_outside_is_one_printable_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = DarkroomError(f"{text}: no image", "another line")
    with pytest.raises(SystemExit):
        command.run(raising(error))
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("a\\") and first.endswith("b: no image") and second == "another line"
    with pytest.raises(DarkroomError) as raised, prefixed(text):
        raise error
    assert str(raised.value) == f"{printable(text)}: {error}"
    assert pickle.loads(pickle.dumps(error)).args == error.args  # noqa: S301 (as from a worker)
    shown = command.json_text({"file": text})
    assert json.loads(shown) == {"file": text} and printable(shown) == shown


@pytest.mark.parametrize("name", ["Größe", "日本\u3000語", "9.41\u202fAM.png", "a\u200db", "a\xa0b"])
def test_letters_and_spaces_of_all_scripts_stay(name: str) -> None:
    assert printable(name) == name


@pytest.mark.parametrize("error", [ValueError("ours"), MemoryError("ours"), OSError("ours"), TimeoutError("ours")])
def test_a_bug_keeps_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error), match="^ours$"):
        command.run(raising(error))


def test_an_error_of_the_system_without_a_file_keeps_its_traceback() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        command.run(raising(OSError(9, "Bad file descriptor")))


@pytest.mark.parametrize(("output", "line"), [("/dev/full", "write: No space left on device\n"), ("pipe", "")])
def test_an_output_that_cannot_be_written_is_no_bug(output: str, line: str) -> None:
    program = "from darkroom.core import command; command.run(lambda: print('x' * 100_000))"
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe, Path("/dev/full").open("wb") as full:
        stdout = pipe if output == "pipe" else full
        ended = subprocess.run([sys.executable, "-c", program], stdout=stdout, stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr) == (1, line)


def test_a_command_may_say_what_an_interrupt_left(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="^130$"):
        command.run(raising(KeyboardInterrupt()), "nothing was changed")
    assert capsys.readouterr().err == "interrupted; nothing was changed\n"


def test_a_count_is_at_least_one() -> None:
    assert command.positive("3") == 3
    options = argparse.ArgumentParser()
    options.add_argument("--top", type=command.positive)
    for text in ("0", "-1", "x"):
        with pytest.raises(SystemExit, match="^2$"):
            options.parse_args(["--top", text])
