"""Check params.yaml, and that its data set exists, in a few seconds and without TensorFlow.

Prints one line for each mistake (file, line, key, value, what is allowed). Exit code 1 if there is one.
"""

from collections.abc import Sequence
from pathlib import Path

from darkroom import config
from darkroom.config import Params
from darkroom.core import command
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.data.sources.listing import dvc_blockers

OUTLOOK = "nothing was changed"


def main(argv: Sequence[str] | None = None) -> None:
    """Checks params.yaml and prints a summary of it."""
    options = command.parser(__doc__, "darkroom check")
    options.add_argument("--params", metavar="FILE", type=Path, help="another file than params.yaml of the checkout")
    workspace = Workspace.at(params=options.parse_args(argv).params)
    settings = config.load(workspace)
    print(f"{workspace.params} is valid: {title(settings, workspace)}; models {', '.join(settings.models)}")


def title(settings: Params, workspace: Workspace) -> str:
    """The title of the data set. Raises DarkroomError if it does not exist, or has a file that DVC would stop at."""
    name = settings.dataset
    if config.is_catalog_entry(name):
        return config.catalog_entry(name, workspace).title
    path = workspace.dataset(name)
    if not path.exists():
        raise DarkroomError(f"{settings.at('dataset')}: {name}: no such file or folder")
    if path.is_dir() and (rows := dvc_blockers(name, workspace.root)):
        advice = "DVC stops at it: delete it, or name it in .dvcignore"
        raise DarkroomError("\n".join(f"{path / row.source}: {row.reason}; {advice}" for row in rows))
    return name
