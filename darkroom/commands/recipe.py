"""Compose params.yaml from a recipe.

    darkroom recipe                lists the recipes
    darkroom recipe fast           prints params.yaml with the changes of the recipe `fast`
    darkroom recipe fast --write   writes it to params.yaml

A recipe, recipes/NAME.yaml, holds only what differs from params.yaml. Its sections are merged key by key; its `models` replaces
all models. `--write` refuses to overwrite uncommitted changes in params.yaml: commit them, or `git checkout params.yaml`.
Do not use `darkroom recipe fast > params.yaml`: the shell empties the file before the command reads it.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from darkroom import config
from darkroom.config import recipe
from darkroom.core import artifacts, command
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace

INTERRUPT_NOTE = "params.yaml is unchanged"


def main(argv: Sequence[str] | None = None) -> None:
    """Lists the recipes, or prints or writes the params.yaml that one of them yields."""
    parser = command.parser(__doc__, "darkroom recipe")
    parser.add_argument("name", metavar="NAME", nargs="?", help="a recipe; without it, all are listed")
    parser.add_argument("--write", action="store_true", help="write params.yaml instead of printing it")
    parser.add_argument("--force", action="store_true", help="with --write: even if params.yaml has uncommitted changes")
    arguments = parser.parse_args(argv)
    if arguments.name is None and arguments.write:
        parser.error("--write needs the NAME of a recipe")
    workspace = Workspace.at()
    params = config.params_file(workspace)
    if arguments.name is None:
        print("\n".join(listing(workspace)))
        return
    text = recipe.compose(recipe.find(arguments.name, workspace), params)
    if not arguments.write:
        print(text, end="")
        return
    if not arguments.force:
        refuse_changes(params)
    artifacts.write_bytes(params, text.encode())
    print(f"{params} is the recipe {arguments.name}; `dvc repro` runs it, `git diff {params}` shows it")


def listing(workspace: Workspace) -> list[str]:
    """One line per recipe: its name, and the first line of its header."""
    recipes = recipe.available(workspace)
    width = max(map(len, recipes), default=0)
    return [f"{name:{width}}  {recipe.title(path)}" for name, path in recipes.items()]


def refuse_changes(path: Path) -> None:
    """Raises DarkroomError if a file has uncommitted changes, or if Git does not track it."""
    status = ["git", "status", "--porcelain", "--ignored", "--", path.name]
    try:
        result = subprocess.run(status, cwd=path.parent, capture_output=True, text=True)
    except FileNotFoundError:
        raise DarkroomError(f"{path}: Git is not installed, so the old file would be lost; --force overwrites it") from None
    if result.returncode:
        raise DarkroomError(f"{path}: not in a Git repository, so the old file would be lost; --force overwrites it")
    if result.stdout:
        raise DarkroomError(f"{path}: it has uncommitted changes; commit them, or overwrite them with --force")
