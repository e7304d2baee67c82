"""Errors inside a call of Keras: one line if Keras rejects what params.yaml asks for, else the traceback.

Keras also calls code of this package: callbacks, batches, an optimizer. An error raised there is one of ours. Its traceback,
which Keras filters but does not cut, has a frame of this package below the call.
"""

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import darkroom
from darkroom.core.errors import DarkroomError

PACKAGE = Path(darkroom.__file__).parent
NOISE = re.compile(r"\x1b\[\d*m|Exception encountered when calling \S+\.")


@contextmanager
def one_line(place: object) -> Iterator[None]:
    """Wraps one call of Keras: its ValueError or TypeError becomes a DarkroomError of one line that begins with `place`.

    An error of ours passes unchanged.
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        if is_ours(error):
            raise
        raise DarkroomError(f"{place}: {reason(error)}") from None


def is_ours(error: BaseException) -> bool:
    """Whether an error, caught by a context manager, was raised in code of this package that the library called.

    The body of the `with` must call the library directly: the first frame is the context manager's, the second the body's.
    """
    frames = islice(traceback.walk_tb(error.__traceback__), 2, None)
    return any(Path(frame.f_code.co_filename).is_relative_to(PACKAGE) for frame, _ in frames)


def reason(error: BaseException) -> str:
    """Keras's message in one line, without colours, the name of the layer and the list of arguments received."""
    text = NOISE.sub("", str(error).split("Arguments received by", maxsplit=1)[0])
    return " ".join(text.split()) or type(error).__name__
