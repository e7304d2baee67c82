"""Compose params.yaml from a recipe.

    darkroom recipe                lists the recipes
    darkroom recipe fast           prints params.yaml with the changes of the recipe `fast`
    darkroom recipe fast --write   writes it to params.yaml

A recipe, recipes/NAME.yaml, holds only what differs from params.yaml. Its sections are merged key by key; its `models` replace
all models. `--write` refuses to overwrite uncommitted changes in params.yaml: commit them, or `git checkout params.yaml`.
Do not use `darkroom recipe fast > params.yaml`: the shell empties the file before it is read.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from darkroom.config import recipe
from darkroom.core import artifacts, command
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace

OUTLOOK = "params.yaml is as it was"


def main(argv: Sequence[str] | None = None) -> None:
    """Lists the recipes, or prints or writes the params.yaml that one of them gives."""
    options = command.parser(__doc__, "darkroom recipe")
    options.add_argument("name", metavar="NAME", nargs="?", help="a recipe; none: list them")
    options.add_argument("--write", action="store_true", help="write params.yaml instead of printing it")
    options.add_argument("--force", action="store_true", help="with --write: also where Git does not have its changes")
    arguments = options.parse_args(argv)
    if arguments.name is None and arguments.write:
        options.error("--write needs the NAME of a recipe")
    workspace = Workspace.at()
    if not workspace.params.is_file():
        raise DarkroomError(f"{workspace.params}: no such file; darkroom recipe works in a checkout of Darkroom")
    if arguments.name is None:
        print("\n".join(listing(workspace)))
        return
    text = recipe.compose(recipe.find(arguments.name, workspace), workspace.params)
    if not arguments.write:
        print(text, end="")
        return
    if not arguments.force:
        refuse_changes(workspace.params)
    artifacts.write_bytes(workspace.params, text.encode())
    print(f"{workspace.params} is the recipe {arguments.name}; `dvc repro` runs it, `git diff {workspace.params}` shows it")


def listing(workspace: Workspace) -> list[str]:
    """A line for each recipe: its name, and the first line of its header."""
    recipes = recipe.available(workspace)
    width = max(map(len, recipes), default=0)
    return [f"{name:{width}}  {recipe.title(path)}" for name, path in recipes.items()]


def refuse_changes(path: Path) -> None:
    """Raises DarkroomError if a file has uncommitted changes, or if Git does not track it."""
    status = ["git", "status", "--porcelain", "--ignored", "--", path.name]
    try:
        result = subprocess.run(status, cwd=path.parent, capture_output=True, text=True)
    except FileNotFoundError:
        raise DarkroomError(f"{path}: Git, which would keep the old file, is not installed; --force overwrites it") from None
    if result.returncode:
        raise DarkroomError(f"{path}: no Git repository keeps the old file; --force overwrites it")
    if result.stdout:
        raise DarkroomError(f"{path}: it has changes that Git does not have; commit them, or --force overwrites them")
