"""How every command starts and ends: its help, its one-line errors, its exit codes.

Exit codes: 0 success, 1 error (the message says why), 2 wrong usage, 130 interrupted.
"""

import argparse
import errno
import gc
import io
import json
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from darkroom.core.errors import DarkroomError, is_control, printable

LARGEST_COUNT = 1_000_000
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # a full disk, an exceeded quota or limit: Python's error names no file


def parser(doc: str | None, program: str | None = None) -> argparse.ArgumentParser:
    """An argument parser whose help is the module's docstring; `program` is the command as the user types it."""
    return argparse.ArgumentParser(prog=program, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def positive(text: str) -> int:
    """The argparse type of a count: an integer from 1 to a million."""
    number = int(text)
    if not 1 <= number <= LARGEST_COUNT:
        raise argparse.ArgumentTypeError(f"{text}: must be from 1 to {LARGEST_COUNT:,}")
    return number


def _leave_memory_to_the_system() -> None:
    """Ends the process without freeing objects, a million of them after TensorFlow. But onnx reports what stays as leaked."""
    if "onnx" in sys.modules:
        gc.unfreeze()
    else:
        gc.freeze()


def json_text(value: object, indent: int | None = None) -> str:
    """A value as JSON on one line, or indented with sorted keys. Control characters are escaped, letters of all scripts not."""
    text = json.dumps(value, indent=indent, sort_keys=indent is not None, ensure_ascii=False)
    return "".join(json.dumps(char)[1:-1] if is_control(char) and char != "\n" else char for char in text)


def run(main: Callable[[], None], interrupt_note: str = "`dvc repro` resumes after the last finished stage") -> NoReturn:
    """Runs a command and exits: an error that the user can fix is a line on stderr, never a traceback.

    After an interrupt, the line ends with `interrupt_note`, or with the text of the KeyboardInterrupt if it has one. The user
    can fix a system error that names a file, a full disk and a closed pipe. Every other error is a bug and keeps its
    traceback.
    """
    if sys.stdout is None:  # closed, as by `>&-` in a shell
        print("standard output is closed; redirect it to /dev/null instead", file=sys.stderr)
        sys.exit(1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names may contain characters that the terminal cannot show
    try:
        main()
        sys.stdout.flush()
    except DarkroomError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader closed the pipe, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.filename is None and error.errno not in FULL:
            raise
        print(f"{printable(error.filename or 'write')}: {error.strerror}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt as stop:
        print("; ".join(["interrupted", *map(str, stop.args or [interrupt_note])]), file=sys.stderr)
        sys.exit(130)
    finally:
        _leave_memory_to_the_system()
    sys.exit(0)
