"""Checks params.yaml and the recipe it names, in about a second and without TensorFlow.

Prints one line for each mistake (file, line, key, value, what is allowed) and exits with 1.
"""

from pathlib import Path

from pipeline import command, params


def main() -> None:
    """Checks and says so."""
    command.no_arguments(__doc__)
    checked = params.load()
    recipe = params.load_recipe(Path(checked.dataset))
    print(f"params.yaml is sound: {recipe.title}; models {', '.join(checked.models)}")


if __name__ == "__main__":
    command.run(main)
