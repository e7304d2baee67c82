"""What `dataset:` in params.yaml names: a catalog entry, a folder, a table, an `.npz` or an archive, opened for reading."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from darkroom import config
from darkroom.core import csv_files
from darkroom.core.arrays import Pixels
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.data.sources import archives, readers
from darkroom.data.sources.readers import Collection

UNPACKED = "unpacked-"


@dataclass(frozen=True)
class Description:
    """What a catalog entry says about its data set. A user's own data set has only a title."""

    title: str
    homepage: str = ""
    licence: str = ""
    citation: str = ""


def describe(name: str, workspace: Workspace) -> Description:
    """The description in the catalog entry; for the user's own data the name of the folder or file."""
    if not config.is_catalog_entry(name):
        return Description(workspace.dataset(name).resolve().name)
    entry = config.catalog_entry(name, workspace)
    return Description(entry.title, entry.homepage, entry.licence, entry.citation)


@contextmanager
def opened(name: str, workspace: Workspace) -> Iterator[Collection]:
    """Opens the data set that `dataset:` names. An archive is unpacked into a temporary folder until the block ends.

    Raises DarkroomError, with the name of the file, if no layout is recognised, or if Python does not read file names as UTF-8.
    """
    if sys.getfilesystemencoding() != "utf-8":
        raise DarkroomError(f"{name}: file names are read as {sys.getfilesystemencoding()} here; set PYTHONUTF8=1")
    if config.is_catalog_entry(name):
        yield readers.read(workspace.raw, config.catalog_entry(name, workspace).classes)
    elif (path := config.local_data(name, workspace)).is_file() and archives.is_archive(path):
        with tempfile.TemporaryDirectory(prefix=UNPACKED, suffix=".part", dir=_temporary(workspace)) as folder:
            archives.unpack(path, Path(folder) / "all")
            yield readers.read(Path(folder) / "all")
    else:
        yield readers.read(path)


def remove_leftovers(workspace: Workspace) -> None:
    """Removes the unpacked archives that a killed run left behind."""
    for folder in _temporary(workspace).glob(f"{UNPACKED}*.part"):
        shutil.rmtree(folder, ignore_errors=True)


def originals(name: str, split: str, count: int, workspace: Workspace) -> list[bytes | Pixels]:
    """The first `count` images of a prepared split before preparation: the bytes of a file, or uint8 pixels.

    Raises DarkroomError if the index in data/prepared belongs to another data set.
    """
    index = csv_files.read(workspace.index, ["split", "source"])
    sources = index.loc[index["split"] == split, "source"].head(count).tolist()
    with opened(name, workspace) as collection:
        positions = dict(zip(collection.items["source"], range(len(collection.items)), strict=True))
        if len(sources) < count or not set(sources) <= positions.keys():
            raise DarkroomError(f"{workspace.index}: not the index of {name}; run `dvc repro preprocess`")
        images = [collection.images[positions[source]] for source in sources]
        return [image.read_bytes() if isinstance(image, Path) else image for image in images]


def _temporary(workspace: Workspace) -> Path:
    """The folder for unpacked archives: beside data/raw, since the system's temporary folder may be too small."""
    workspace.raw.parent.mkdir(parents=True, exist_ok=True)
    return workspace.raw.parent
