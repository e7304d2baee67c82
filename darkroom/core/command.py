"""How every command of this package starts and ends: its help, its one-line errors, its exit codes.

Exit codes: 0 done, 1 refused (the line says why), 2 wrong usage, 130 interrupted.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from darkroom.core.errors import DarkroomError


def parser(doc: str | None, program: str | None = None) -> argparse.ArgumentParser:
    """An argument parser whose help is the module's docstring; `program` is what the user typed."""
    return argparse.ArgumentParser(prog=program, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def positive(text: str) -> int:
    """The value of an option that counts something: a whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def run(main: Callable[[], None], outlook: str = "`dvc repro` resumes after the last finished stage") -> NoReturn:
    """Runs a command to its end: an error that a user can mend is a line on stderr, never a traceback.

    `outlook` is what an interrupted user wants to know, where the interrupt does not say better. A `MemoryError` or a
    programming error keeps its traceback: those are ours to mend.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may hold what the terminal cannot show
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
