"""Stage: fetches the data set that `dataset:` names and verifies its checksums; for local data it writes only a manifest.

Reads   params.yaml (dataset), the entry in data/catalog/, or the user's own folder, table or archive, which is never changed.
Writes  data/raw/: the files of the catalog entry, each with the checksum stated there; a `.gz` is decompressed, an archive
        unpacked. For the user's own files only manifest.csv: path, size in bytes, SHA-256.
Run     dvc repro download, or python -m pipeline.download

The sources of a catalog entry are tried in order; one that is dead, slow, truncated or wrong is skipped with a message.
"""

from collections.abc import Sequence

from darkroom import config
from darkroom.core import artifacts, command, stage
from darkroom.core.errors import printable
from darkroom.data.sources import dataset, download, manifest


def main(argv: Sequence[str] | None = None) -> None:
    """Fetches the files of a catalog entry into data/raw, or writes the manifest of a local data set."""
    workspace, _ = stage.start("download", stage.parser(__doc__), argv)
    name = config.load(workspace).dataset
    dataset.remove_leftovers(workspace)
    if config.is_catalog_entry(name):
        download.fetch(config.catalog_entry(name, workspace), name, workspace.raw)
        return
    with dataset.opened(name, workspace) as collection, artifacts.replaced(workspace.raw) as (folder, _):
        print(printable(f"{name}: {collection.layout}"), flush=True)
        table = manifest.write(workspace.dataset(name), collection, folder / workspace.manifest.name)
    print(f"{len(table)} files, {table['size'].sum() / 1e6:.1f} MB, listed in {workspace.manifest}; nothing is copied")


if __name__ == "__main__":
    command.run(main)
