"""Checks params.yaml and the data set that it names, in about a second and without TensorFlow.

Prints one line for each mistake (file, line, key, value, what is allowed) and exits with 1.
"""

from pathlib import Path

from pipeline import command, params
from pipeline.data.listing import unpassable
from pipeline.errors import Refusal


def main() -> None:
    """Checks and says so."""
    command.no_arguments(__doc__)
    checked = params.load()
    print(f"params.yaml is sound: {titled(checked.dataset)}; models {', '.join(checked.models)}")


def titled(dataset: str) -> str:
    """What the data set is called. Raises Refusal where there is none, or one in a folder that DVC cannot pass."""
    path = Path(dataset)
    if path.suffix.lower() in params.RECIPES:
        return params.load_recipe(path).title
    if not path.exists():
        raise Refusal(f"{params.place('dataset')}: {dataset}: no such file or folder")
    if path.is_dir() and (rows := unpassable(path)):
        raise Refusal("\n".join(f"{path / row.source}: {row.reason}; DVC stops at it: {HELP}" for row in rows))
    return dataset


HELP = "delete it, or name it in .dvcignore"


if __name__ == "__main__":
    command.run(main)
