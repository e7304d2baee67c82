"""What `dataset:` in params.yaml names, opened for reading: a recipe's files, a folder, a table, an `.npz`, an archive."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from darkroom import config
from darkroom.core import paths
from darkroom.core.errors import DarkroomError
from darkroom.data.sources import archives, readers
from darkroom.data.sources.readers import Collection

UNPACKED = "unpacked-"


@dataclass(frozen=True)
class About:
    """What is told of a data set; "" where nobody has said it."""

    title: str
    homepage: str = ""
    licence: str = ""
    citation: str = ""


def is_recipe(dataset: str) -> bool:
    """Whether the files come from elsewhere, by a recipe, or lie here already."""
    return Path(dataset).suffix.lower() in config.RECIPES


def about(dataset: str) -> About:
    """The recipe's own words, or the name of the folder or file."""
    if not is_recipe(dataset):
        return About(Path(dataset).resolve().name)
    recipe = config.load_recipe(Path(dataset))
    return About(recipe.title, recipe.homepage, recipe.licence, recipe.citation)


def clear() -> None:
    """Takes away what a run that was killed has left unpacked."""
    for folder in Path("data").glob(f"{UNPACKED}*.part"):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def opened(dataset: str) -> Iterator[Collection]:
    """The pictures of a data set, for as long as the block lasts: an archive is unpacked into a folder that then goes.

    Raises DarkroomError, which names the file, where nothing can be recognised, or where the machine's locale would change names.
    """
    if sys.getfilesystemencoding() != "utf-8":
        raise DarkroomError(f"{dataset}: file names are read as {sys.getfilesystemencoding()} here; set PYTHONUTF8=1")
    path = Path(dataset)
    if is_recipe(dataset):
        yield readers.read(paths.RAW, config.load_recipe(path).classes)
    elif path.is_file() and archives.is_archive(path):
        with tempfile.TemporaryDirectory(prefix=UNPACKED, suffix=".part", dir="data") as folder:
            archives.unpack(path, Path(folder) / "all")
            yield readers.read(Path(folder) / "all")
    else:
        yield readers.read(path)
