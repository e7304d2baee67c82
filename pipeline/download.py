"""Stage 1: fetches the data set that `dataset:` names and proves that it is the right one; one that lies here is surveyed.

Reads   params.yaml (dataset), the recipe in data/catalog/, or the user's own folder, table or archive, which is not changed.
Writes  data/raw/: the recipe's files, each with the checksum that the recipe states; `.gz` is undone, an archive unpacked.
        Of the user's own files only manifest.csv: path, size in bytes, SHA-256.
Run     dvc repro download, or python -m pipeline.download

The sources of the recipe are tried in order; one that is dead, slow, cut short or wrong costs a line, and the next is tried.
"""

import sys
from pathlib import Path

from darkroom import config
from darkroom.config.catalog import Recipe, Source
from darkroom.core import artifacts, command, paths
from darkroom.core.errors import DarkroomError
from darkroom.data.sources import archives, manifest, opening
from darkroom.data.sources.download import checksums, providers


def main() -> None:
    """Fetches the files of the recipe into data/raw, or writes the manifest of what lies here."""
    command.no_arguments(__doc__)
    name = config.load().dataset
    opening.clear()
    if opening.is_recipe(name):
        fetch(config.load_recipe(Path(name)), name, paths.RAW)
    else:
        survey(name, paths.RAW)


def survey(name: str, raw: Path) -> None:
    """Recognises the user's own data set and fills the folder `raw` with its manifest; nothing is copied."""
    with opening.opened(name) as collection, artifacts.replaced(raw) as (fresh, _):
        print(f"{name}: {collection.layout}", flush=True)
        table = manifest.write(Path(name), collection, fresh / paths.MANIFEST.name)
    print(f"{len(table)} files, {table['size'].sum() / 1e6:.1f} MB, stand in {paths.MANIFEST}; nothing is copied")


def fetch(recipe: Recipe, name: str, raw: Path) -> None:
    """Fills the folder `raw` from the first source that has all files of the recipe right; `name` is the recipe's own.

    Raises DarkroomError when no source has; `raw` is then as it was.
    """
    for source in recipe.sources:
        count = f"{len(recipe.files)} file{'s' * (len(recipe.files) > 1)}"
        print(f"{recipe.title}: {count} from {providers.describe(source)}", flush=True)
        try:
            with artifacts.replaced(raw) as (fresh, scratch):
                _gather(source, recipe, fresh, scratch)
            return
        except DarkroomError as refusal:
            print(refusal, file=sys.stderr, flush=True)
    raise DarkroomError(f"{name}: none of its {len(recipe.sources)} sources could deliver {recipe.title}; nothing was written")


def _gather(source: Source, recipe: Recipe, folder: Path, scratch: Path) -> None:
    """File by file, so that no more than one lies there twice."""
    deliver = providers.open_source(source, scratch)
    for file, checksum in recipe.files.items():
        delivered = deliver(file)
        _store(checksums.proven(file, delivered, checksum), file, folder)
        delivered.unlink(missing_ok=True)


def _store(proven: Path, file: str, folder: Path) -> None:
    """What an archive holds, what is in a `.gz`, or the file as it is, in `folder`."""
    if archives.is_archive(Path(file)):
        archives.unpack(proven, folder)
        return
    content = checksums.gunzipped(file, proven) if file.endswith(".gz") else proven
    content.replace(folder / file.removesuffix(".gz"))


if __name__ == "__main__":
    command.run(main)
