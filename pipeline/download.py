"""Stage 1: fetches the data set that `dataset:` names and proves that it is the right one.

Reads   params.yaml (dataset), the recipe in data/catalog/.
Writes  data/raw/: the recipe's files, decompressed, each with the SHA-256 that the recipe states.
Run     dvc repro download, or python -m pipeline.download

The sources of the recipe are tried in order; one that is dead, slow, cut short or wrong costs a line, and the next is tried.
"""

import hashlib
import shutil
import sys
from pathlib import Path

from pipeline import artifacts, command, params, paths
from pipeline.data import sources
from pipeline.errors import Refusal
from pipeline.params.recipe import Recipe, Source


def main() -> None:
    """Fetches the files of the recipe into data/raw."""
    command.no_arguments(__doc__)
    name = params.load().dataset
    contents = fetch(params.load_recipe(Path(name)), name)
    shutil.rmtree(paths.RAW, ignore_errors=True)
    for file, content in contents.items():
        artifacts.write_bytes(paths.RAW / file, content)


def fetch(recipe: Recipe, name: str) -> dict[str, bytes]:
    """All files of the recipe from the first source that has them right. Raises Refusal when none has."""
    for source in recipe.sources:
        print(f"{recipe.title}: {len(recipe.files)} files from {sources.describe(source)}", flush=True)
        try:
            return _from(source, recipe)
        except Refusal as refusal:
            print(refusal, file=sys.stderr, flush=True)
    raise Refusal(f"{name}: none of its {len(recipe.sources)} sources could deliver {recipe.title}; nothing was written")


def _from(source: Source, recipe: Recipe) -> dict[str, bytes]:
    with sources.scratch_folder() as scratch:
        content_of = sources.open_source(source, Path(scratch))
        return {file: _proven(file, content_of(file), sha256) for file, sha256 in recipe.files.items()}


def _proven(file: str, content: bytes, sha256: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise Refusal(f"{file}: wrong content: SHA-256 {found[:12]}..., the recipe says {sha256[:12]}...")
    return content


if __name__ == "__main__":
    command.run(main)
