"""What lies in a folder: files that may be pictures, files that cannot be, and those that nobody means."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from darkroom.data.ledger import Row

IGNORE = Path(".dvcignore")
LINKED_FOLDER = "a link to a folder; it is not followed"
NOT_UTF8 = "its name is not UTF-8; rename it"
SYSTEM = frozenset(("__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin"))


@dataclass
class Listing:
    """Names relative to a folder, with `/`, sorted: `files` and `folders` at any depth; `odd` ones with the reason.

    `skipped` counts the hidden and system files.
    """

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    odd: list[Row] = field(default_factory=list)
    skipped: int = 0

    @property
    def top(self) -> list[str]:
        """The files at the top."""
        return [name for name in self.files if "/" not in name]

    def below(self, parent: str = "") -> list[str]:
        """The names of the folders right below a folder."""
        start = f"{parent}/" if parent else ""
        inside = (name.removeprefix(start) for name in self.folders if name.startswith(start))
        return [name for name in inside if "/" not in name]


def listing(root: Path) -> Listing:
    """Lists a folder. Links to files are followed, links to folders are not: they may lead anywhere, also back."""
    found = Listing()
    _list(found, str(root), "")
    found.files.sort()
    found.folders.sort()
    return found


def unpassable(root: Path) -> list[Row]:
    """What in a folder DVC itself fails on, or waits for without end, unless .dvcignore names it."""
    rows = [row for row in listing(root).odd if row.reason != LINKED_FOLDER]
    if not rows or not IGNORE.is_file():
        return rows
    from pathspec import GitIgnoreSpec

    ignored = GitIgnoreSpec.from_lines(IGNORE.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if not ignored.match_file((root / row.source).as_posix())]


def unreadable(path: Path) -> str | None:
    """Why a path is no file that can be read; None where it is one."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a broken link" if path.is_symlink() else "no such file"
    except OSError as error:  # a link to itself, too long a name, a folder that may not be entered
        return _told(error)
    if stat.S_ISDIR(mode):
        return LINKED_FOLDER if path.is_symlink() else "a folder, not a file"
    if not stat.S_ISREG(mode):
        return "not a regular file (a device, a pipe or a socket)"
    return None if os.access(path, os.R_OK) else "permission denied"


def _list(found: Listing, root: str, parent: str) -> None:
    try:
        with os.scandir(f"{root}/{parent}") as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        found.odd.append(_row(parent, _told(error)))
        return
    for entry in listed:
        name = f"{parent}/{entry.name}" if parent else entry.name
        if entry.name.startswith(".") or entry.name.casefold() in SYSTEM:
            found.skipped += _count(entry)
        elif not _is_utf8(name):
            found.odd.append(_row(name, NOT_UTF8))
        elif entry.is_dir(follow_symlinks=False):
            found.folders.append(name)
            _list(found, root, name)
        elif reason := unreadable(Path(entry.path)):
            found.odd.append(_row(name, reason))
        else:
            found.files.append(name)


def _row(name: str, reason: str) -> Row:
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")
    return Row(shown, shown.split("/")[0] if "/" in shown else "", "refused", reason)


def _count(entry: "os.DirEntry[str]") -> int:
    return sum(len(files) for _, _, files in os.walk(entry.path)) if entry.is_dir(follow_symlinks=False) else 1


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _told(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
