"""A user's own images in three layouts: two of each sort of odd image, odd names, a broken link, an empty class."""

import csv
import hashlib
import shutil
from pathlib import Path

import numpy as np

from tests.support import odd_images

BLACK = (0, 0, 0)
CLASSES = ("Gr\u00f6\u00dfe", 'it\'s "one"', "plain")
NAMES = ("with space", "it's", 'so "quoted"', "new\nline", "return\rhere", "\u00fc\u4e2d", "semi;colon,comma")


def odd_files(seed: int = 0) -> dict[str, odd_images.Odd]:
    """The files by their name in the folder, `CLASS/NAME`."""
    files = {}
    for number, (name, file) in enumerate(odd_images.odd_files(seed, BLACK).items()):
        strange = f" {NAMES[number % len(NAMES)]}" if number % 5 == 0 else ""
        files[f"{CLASSES[number % 3]}/{name}{strange}{file.suffix}"] = file
    return files


def write_folder(root: Path, seed: int = 0) -> dict[str, odd_images.Odd]:
    """A folder per class, an empty one, hidden files, a broken link, a link to a folder, a loose file."""
    files = odd_files(seed)
    for name, file in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    (root / "empty").mkdir()
    (root / "plain" / "broken.png").symlink_to("nowhere.png")
    (root / "plain" / "loop").symlink_to("..")
    (root / "plain" / ".DS_Store").write_bytes(b"x")
    (root / "Thumbs.db").write_bytes(b"x")
    (root / "read me.txt").write_text("loose")
    return files


def split_of(files: dict[str, odd_images.Odd], seed: int = 0) -> dict[str, str]:
    """A split for each file, as a user might choose it."""
    splits = np.random.default_rng(seed).choice(["train", "val", "test"], len(files), p=[0.6, 0.2, 0.2])
    return dict(zip(files, splits.tolist(), strict=True))


def as_table(root: Path, files: dict[str, odd_images.Odd], splits: dict[str, str] | None = None) -> Path:
    """A table beside the class folders that names all files."""
    with (root / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerow(["file", "label", *(["split"] if splits else [])])
        for name in files:
            writer.writerow([name, name.split("/")[0], *([splits[name]] if splits else [])])
    return root / "labels.csv"


def as_split_folders(root: Path, target: Path, splits: dict[str, str]) -> Path:
    """The same files below train, val and test."""
    for name, split in splits.items():
        (target / split / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target / split / name)
    return target


def digest(root: Path) -> str:
    """A hash of everything in a folder: names, links, bytes, modes, modification times."""
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        link = path.readlink() if path.is_symlink() else ""
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        total.update(repr((str(path.relative_to(root)), status.st_mode, status.st_mtime_ns, str(link), content)).encode())
    return total.hexdigest()


def digest_of_files(root: Path) -> dict[str, str]:
    """The SHA-256 of every file in a folder."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(root.rglob("*")) if path.is_file()}
