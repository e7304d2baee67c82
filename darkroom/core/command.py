"""How every command starts and ends: its help, its one-line errors, its exit codes.

Exit codes: 0 success, 1 error (the message says why), 2 wrong usage, 130 interrupted.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from darkroom.core.errors import DarkroomError


def parser(doc: str | None, program: str | None = None) -> argparse.ArgumentParser:
    """An argument parser whose help is the module's docstring; `program` is the command as the user types it."""
    return argparse.ArgumentParser(prog=program, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def positive(text: str) -> int:
    """Parses the value of an option that counts something: an integer of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def run(main: Callable[[], None], outlook: str = "`dvc repro` resumes after the last finished stage") -> NoReturn:
    """Runs a command and exits: an error that the user can fix is a line on stderr, never a traceback.

    `outlook` tells the user of an interrupted command what comes next, unless the interrupt has a text of its own. A
    `MemoryError` or a programming error keeps its traceback: it is ours to fix.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name may hold characters that the terminal cannot show
    try:
        main()
        sys.stdout.flush()
    except DarkroomError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has closed it, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        print(f"{error.filename or 'write'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt as stop:
        print("; ".join(["interrupted", *map(str, stop.args or [outlook])]), file=sys.stderr)
        sys.exit(130)
    sys.exit(0)
