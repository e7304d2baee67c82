"""Checks params.yaml and the data set that it names, in about a second and without TensorFlow.

Prints one line for each mistake (file, line, key, value, what is allowed) and exits with 1.
"""

from pathlib import Path

from darkroom import config
from darkroom.core import command
from darkroom.core.errors import DarkroomError
from darkroom.data.sources.listing import unpassable


def main() -> None:
    """Checks and says so."""
    command.no_arguments(__doc__)
    checked = config.load()
    print(f"params.yaml is sound: {titled(checked.dataset)}; models {', '.join(checked.models)}")


def titled(dataset: str) -> str:
    """What the data set is called. Raises DarkroomError where there is none, or one in a folder that DVC cannot pass."""
    path = Path(dataset)
    if path.suffix.lower() in config.RECIPES:
        return config.load_recipe(path).title
    if not path.exists():
        raise DarkroomError(f"{config.place('dataset')}: {dataset}: no such file or folder")
    if path.is_dir() and (rows := unpassable(path)):
        raise DarkroomError("\n".join(f"{path / row.source}: {row.reason}; DVC stops at it: {HELP}" for row in rows))
    return dataset


HELP = "delete it, or name it in .dvcignore"


if __name__ == "__main__":
    command.run(main)
