"""Check params.yaml, and that its data set exists, in a few seconds and without TensorFlow.

Prints one line for each mistake (file, line, key, value, what is allowed). Exit code 1 if there are any.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from darkroom import config
from darkroom.config import Params
from darkroom.core import command, yaml_source
from darkroom.core.errors import DarkroomError, prefixed, printable
from darkroom.core.workspace import Workspace
from darkroom.core.yaml_source import Place, Source
from darkroom.data.sources.listing import dvc_blockers

INTERRUPT_NOTE = "nothing was changed"
Result = TypeVar("Result")


def main(argv: Sequence[str] | None = None) -> None:
    """Checks params.yaml and prints a summary of it."""
    parser = command.parser(__doc__, "darkroom check")
    parser.add_argument("--params", metavar="FILE", type=Path, help="a file other than the checkout's params.yaml")
    workspace = Workspace.at(params=parser.parse_args(argv).params)
    source = yaml_source.read(config.params_file(workspace))
    mistakes: list[str] = []
    settings = attempt(lambda: config.checked(source, Params), mistakes)
    data = attempt(lambda: title(source, workspace), mistakes)
    if settings is None or mistakes:
        raise DarkroomError(*mistakes)
    print(f"{workspace.params} is valid: {printable(data)}; models {', '.join(settings.models)}")


def attempt(check: Callable[[], Result], mistakes: list[str]) -> Result | None:
    """The result of a check; None if it raised a DarkroomError, whose lines are added to `mistakes`."""
    try:
        return check()
    except DarkroomError as error:
        mistakes += error.args
        return None


def title(source: Source, workspace: Workspace) -> str | None:
    """The title of the data set that a parsed params.yaml names; None if it names none.

    Raises DarkroomError if the data set does not exist, or contains something that DVC cannot track.
    """
    name = source.values.get("dataset")
    if not isinstance(name, str) or not name:
        return None
    if config.is_catalog_entry(name):
        return config.catalog_entry(name, workspace).title
    with prefixed(Place(source, ("dataset",))):
        path = config.local_data(name, workspace)
    if path.is_dir() and (rows := dvc_blockers(name, workspace.root)):
        advice = "DVC cannot track it: delete it, or list it in .dvcignore"
        raise DarkroomError(*(f"{path / row.source}: {row.reason}; {advice}" for row in rows))
    return name
