"""Downloads the files of a catalog entry and checks that they are the right ones."""

import sys
from pathlib import Path

from darkroom.config import CatalogEntry
from darkroom.config.catalog import Source
from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError, printable
from darkroom.data.sources import archives
from darkroom.data.sources.download import checksums, providers

__all__ = ["fetch"]


def fetch(entry: CatalogEntry, name: str, folder: Path) -> None:
    """Fills `folder` from the first source of the catalog entry that delivers all files with the right checksums.

    `name` names the catalog entry in messages. A `.gz` file is decompressed, an archive unpacked. A source that fails
    is reported on standard error. Raises DarkroomError if all fail; `folder` is then unchanged.
    """
    for source in entry.sources:
        count = f"{len(entry.files)} file{'s' * (len(entry.files) > 1)}"
        print(f"{printable(entry.title)}: {count} from {providers.describe(source)}", flush=True)
        try:
            with artifacts.replaced(folder) as (fresh, scratch):
                _fetch_from(source, entry, fresh, scratch)
        except DarkroomError as error:
            print(error, file=sys.stderr, flush=True)
        else:
            return
    raise DarkroomError(f"{name}: none of its {len(entry.sources)} sources could deliver {entry.title}; nothing was written")


def _fetch_from(source: Source, entry: CatalogEntry, folder: Path, scratch: Path) -> None:
    """Fetches the files one by one, so that at most one of them is on disk twice."""
    deliver = providers.open_source(source, scratch)
    for name, checksum in entry.files.items():
        delivered = deliver(name).resolve()  # the file itself, not a link to it
        if not delivered.is_relative_to(scratch.resolve()):
            # by `..`, an absolute path or a link: it is not ours to move
            raise DarkroomError(f"{name}: outside what {providers.describe(source)} delivered")
        _store(checksums.verified(name, delivered, checksum), name, folder)
        delivered.unlink(missing_ok=True)


def _store(verified: Path, name: str, folder: Path) -> None:
    """Moves a file into `folder`: an archive unpacked, a `.gz` decompressed, any other as it is."""
    if archives.is_archive(Path(name)):
        archives.unpack(verified, folder)
        return
    content = checksums.gunzipped(name, verified) if name.endswith(".gz") else verified
    content.replace(folder / name.removesuffix(".gz"))
