"""The files of a folder, at any depth: those that may be images, those that cannot be read, and hidden ones."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from darkroom.core.files import LINKED_FOLDER, reason, unreadable
from darkroom.data.ledger import Row

IGNORE_FILE = ".dvcignore"
NOT_UTF8 = "its name is not UTF-8; rename it"
SYSTEM_FILES = frozenset(("__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin"))


@dataclass
class Listing:
    """Names relative to a folder, with `/`, sorted: `files` and `folders` at any depth.

    `refused` has a row for each entry that cannot be read, with the reason; `skipped` counts hidden and system files.
    """

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    skipped: int = 0

    @property
    def top_files(self) -> list[str]:
        """The files directly in the folder."""
        return [name for name in self.files if "/" not in name]

    def subfolders(self, parent: str = "") -> list[str]:
        """The names of the folders directly in `parent`; "" is the folder that was listed."""
        prefix = f"{parent}/" if parent else ""
        inside = (name.removeprefix(prefix) for name in self.folders if name.startswith(prefix))
        return [name for name in inside if "/" not in name]


def scan(root: Path) -> Listing:
    """Lists a folder. Links to files are followed; links to folders are not, since they may lead anywhere, even back."""
    listing = Listing()
    _scan(listing, str(root), "")
    listing.files.sort()
    listing.folders.sort()
    return listing


def dvc_blockers(name: str, root: Path) -> list[Row]:
    """The entries of the data set `name`, a folder below the checkout `root`, on which DVC fails or waits forever.

    Entries that the .dvcignore of the checkout matches are left out.
    """
    rows = [row for row in scan(root / name).refused if row.reason != LINKED_FOLDER]
    if not rows or not (root / IGNORE_FILE).is_file():
        return rows
    ignored = GitIgnoreSpec.from_lines((root / IGNORE_FILE).read_text(encoding="utf-8").splitlines())
    return [row for row in rows if not ignored.match_file((Path(name) / row.source).as_posix())]


def _scan(listing: Listing, root: str, parent: str) -> None:
    try:
        with os.scandir(f"{root}/{parent}") as iterator:
            entries = sorted(iterator, key=lambda entry: entry.name)
    except OSError as error:
        listing.refused.append(_row(parent, reason(error)))
        return
    for entry in entries:
        name = f"{parent}/{entry.name}" if parent else entry.name
        if entry.name.startswith(".") or entry.name.casefold() in SYSTEM_FILES:
            listing.skipped += _count(entry)
        elif not _is_utf8(name):
            listing.refused.append(_row(name, NOT_UTF8))
        elif entry.is_dir(follow_symlinks=False):
            listing.folders.append(name)
            _scan(listing, root, name)
        elif problem := unreadable(Path(entry.path)):
            listing.refused.append(_row(name, problem))
        else:
            listing.files.append(name)


def _row(name: str, reason: str) -> Row:
    printable = os.fsencode(name).decode("utf-8", "backslashreplace")
    return Row(printable, printable.split("/")[0] if "/" in printable else "", "refused", reason)


def _count(entry: "os.DirEntry[str]") -> int:
    return sum(len(files) for _, _, files in os.walk(entry.path)) if entry.is_dir(follow_symlinks=False) else 1


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
