"""What lies in a folder: files that may be pictures, files that cannot be, and those that nobody means."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.data.ledger import Row

IGNORE = Path(".dvcignore")
LINKED_FOLDER = "a link to a folder; it is not followed"
SYSTEM = frozenset(("__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin"))


@dataclass
class Listing:
    """Names relative to a folder, with `/`, sorted: `files` at any depth; `folders` at its top; `odd` ones with the reason."""

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    odd: list[Row] = field(default_factory=list)
    skipped: int = 0


def listing(root: Path) -> Listing:
    """Lists a folder. Links to files are followed, links to folders are not: they may lead anywhere, also back."""
    found = Listing()
    for folder, subfolders, names in os.walk(root):
        hidden = [name for name in subfolders if _hidden(name)]
        found.skipped += sum(len(files) for name in hidden for _, _, files in os.walk(Path(folder, name)))
        subfolders[:] = [name for name in subfolders if name not in hidden]
        here = Path(folder)
        linked = [name for name in subfolders if (here / name).is_symlink()]
        subfolders[:] = sorted(set(subfolders) - set(linked))
        if here == root:
            found.folders = list(subfolders)
        for name in sorted([*names, *linked]):
            _sort_in(found, root, here / name)
    found.files.sort()
    return found


def unpassable(root: Path) -> list[Row]:
    """What in a folder DVC itself fails on, or waits for without end, unless .dvcignore names it."""
    rows = [row for row in listing(root).odd if row.reason != LINKED_FOLDER]
    if not rows or not IGNORE.is_file():
        return rows
    from pathspec import GitIgnoreSpec

    ignored = GitIgnoreSpec.from_lines(IGNORE.read_text(encoding="utf-8").splitlines())
    return [row for row in rows if not ignored.match_file((root / row.source).as_posix())]


def _sort_in(found: Listing, root: Path, path: Path) -> None:
    name = path.relative_to(root).as_posix()
    if _hidden(path.name):
        found.skipped += 1
    elif reason := _reason(path, name):
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        found.odd.append(Row(shown, shown.split("/")[0] if "/" in shown else "", "refused", reason))
    else:
        found.files.append(name)


def _reason(path: Path, name: str) -> str | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8; rename it"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a broken link"
    except OSError as error:  # a link to itself, a folder that may not be entered
        return (error.strerror or str(error)).lower()
    if stat.S_ISDIR(mode):
        return LINKED_FOLDER
    return None if stat.S_ISREG(mode) else "not a regular file (a device, a pipe or a socket)"


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.casefold() in SYSTEM
