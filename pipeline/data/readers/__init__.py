"""From the files of a data set to labelled pictures, one module a layout; which one it is, is seen from the files."""

from dataclasses import replace
from pathlib import Path

from pipeline.data.listing import Listing, listing
from pipeline.data.readers import arrays, cifar, folders, idx, tables
from pipeline.data.readers.collection import Collection
from pipeline.errors import Refusal

__all__ = ["Collection", "read"]

LAYOUTS = (
    "a folder per class; train, val and test folders with a folder per class in each; a table (.csv, .tsv, .parquet) with a "
    "path and a label; .npz or .npy arrays; IDX; CIFAR's binary files; a zip or tar of any of these"
)


def read(path: Path, classes: tuple[str, ...] = ()) -> Collection:
    """The pictures of a folder, a table or an `.npz`; `classes` name the labels where these are numbers.

    Raises Refusal, which names the file, where nothing is recognised or what is recognised is damaged.
    """
    if not path.exists():
        raise Refusal(f"{path}: no such file or folder")
    found = _file(path, classes) if path.is_file() else _folder(path, classes)
    if found is None:
        raise Refusal(f"{path}: not recognised as a data set; known are {LAYOUTS}")
    if len(found.items) == 0:
        raise Refusal(f"{path}: {found.layout}, but no file in it to read")
    return found


def _file(path: Path, classes: tuple[str, ...]) -> Collection | None:
    suffix = path.suffix.lower()
    if suffix in tables.SUFFIXES:
        return tables.read(path)
    return arrays.read_npz(path, classes) if suffix == ".npz" else None


def _folder(root: Path, classes: tuple[str, ...]) -> Collection | None:
    found = listing(root)
    top = [name for name in found.files if "/" not in name]
    if (from_arrays := _arrays(root, top, classes)) is not None:
        return from_arrays
    named = [name for name in top if Path(name).suffix.lower() in tables.SUFFIXES and tables.is_table(root / name)]
    if len(named) > 1:
        raise Refusal(f"{root}: several tables of paths and labels: {', '.join(named)}; name the one in params.yaml")
    if named:
        from_table = tables.read(root / named[0])
        unnamed = set(found.files) - set(from_table.items["source"]) - {row.source for row in from_table.refused} - set(named)
        return replace(from_table, skipped=found.skipped + len(unnamed))
    return folders.read(root, found) or _only_folder(root, found, classes)


def _arrays(root: Path, top: list[str], classes: tuple[str, ...]) -> Collection | None:
    """Arrays at the top of a folder, of whatever format."""
    packed = [name for name in top if name.lower().endswith(".npz")]
    if len(packed) > 1:
        raise Refusal(f"{root}: one .npz file is expected, there are {len(packed)}")
    if packed:
        return arrays.read_npz(root / packed[0], classes)
    if plain := [name for name in top if name.lower().endswith(".npy")]:
        return arrays.read_npy(root, plain, classes)
    if faces := [name for name in top if name.lower().endswith(".mat")]:
        return arrays.read_faces(root / faces[0], classes)
    if any(idx.NAME.fullmatch(name) for name in top):
        return idx.read(root, top, classes)
    return cifar.read(root, top, classes) if cifar.is_cifar(top) else None


def _only_folder(root: Path, found: Listing, classes: tuple[str, ...]) -> Collection | None:
    """What lies in the one folder of an archive that was packed with its folder. Sources are told from there."""
    top = any("/" not in name for name in found.files)
    return _folder(root / found.folders[0], classes) if len(found.folders) == 1 and not top else None
